// The sign-in page as people's browsers ask for it: 100 a second for 30 s, each a new sign-in (the redirect that begins it,
// then its page), sent at their times whether answers come or not; and what a first look at it weighs.
import { gzipSync } from "node:zlib";
import { setTimeout as delay } from "node:timers/promises";
import { benchPeople } from "./people.ts";
import { makeProduct } from "./product.ts";
import type { Result } from "./result.ts";

const perSecond = 100;
const seconds = 30;
const wantedMs = 20;

export async function signInPages(): Promise<Result> {
  const product = await makeProduct(benchPeople);
  try {
    await product.serve();
    for (let warm = 0; warm < 100; warm++) await onePage(product.httpUrl);
    const times: number[] = [];
    let failed = 0;
    const started = performance.now();
    const under: Promise<void>[] = [];
    for (let page = 0; page < perSecond * seconds; page++) {
      await delay(Math.max(0, started + (page * 1000) / perSecond - performance.now()));
      under.push(
        onePage(product.httpUrl, `198.51.100.${page % 250}`).then(
          (ms) => void times.push(ms),
          () => void (failed += 1),
        ),
      );
    }
    await Promise.all(under);
    const at = (share: number) =>
      Math.round(times.toSorted((a, b) => a - b)[Math.floor(times.length * share)]! * 10) / 10;
    const weight = await weigh(product.httpUrl);
    const figures = {
      perSecond,
      seconds,
      pages: times.length,
      p50Ms: at(0.5),
      p95Ms: at(0.95),
      p99Ms: at(0.99),
      ...weight,
    };
    return {
      figures,
      sentence:
        `Sign-in page: ${perSecond} a second, p50 ${figures.p50Ms} ms, p95 ${figures.p95Ms} ms (wanted under ${wantedMs}), ` +
        `p99 ${figures.p99Ms} ms; ${weight.bytes} octets with style and script, ${weight.compressedBytes} compressed.`,
      ...(failed > 0 && { invalid: `${failed} pages were not served` }),
    };
  } finally {
    await product.stop();
  }
}

/** How long the page takes to come once its sign-in has begun (ms). */
async function onePage(base: string, address = "198.51.100.250"): Promise<number> {
  const from = { "x-forwarded-for": address };
  const begun = await fetch(`${base}/sign-in`, { redirect: "manual", headers: from });
  const cookie = begun.headers.getSetCookie()[0]!.split(";")[0]!;
  const before = performance.now();
  const page = await fetch(`${base}${begun.headers.get("location")}`, { headers: { cookie, ...from } });
  const text = await page.text();
  if (page.status !== 200 || !text.includes("/sign-in/password")) throw new Error(`HTTP ${page.status}`);
  return performance.now() - before;
}

async function weigh(base: string): Promise<{ bytes: number; compressedBytes: number }> {
  const begun = await fetch(`${base}/sign-in`, { redirect: "manual" });
  const cookie = begun.headers.getSetCookie()[0]!.split(";")[0]!;
  const page = await (await fetch(`${base}${begun.headers.get("location")}`, { headers: { cookie } })).text();
  const files = [...page.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path]) => path!);
  const bodies = [page, ...(await Promise.all(files.map(async (path) => await (await fetch(base + path)).text())))];
  const sum = (lengths: number[]) => lengths.reduce((total, length) => total + length, 0);
  return {
    bytes: sum(bodies.map((body) => Buffer.byteLength(body))),
    compressedBytes: sum(bodies.map((body) => gzipSync(body).length)),
  };
}
