// The evaluation's sample site: what its proxy lets through, and what not.
import { request } from "node:http";
import { expect, test } from "vitest";
import { addSite } from "#actions/sites.ts";
import { serveSampleSite } from "../../src/sample-site.ts";
import { httpWorld } from "./http-caller.ts";

const h = httpWorld();

test("nobody gets in unasked, whatever they say of themselves", async () => {
  const countersign = h.server.people!;
  const rules = [{ path: "/", access: { strength: "mfa" as const, groups: [] } }];
  const site = await serveSampleSite({
    host: "127.0.0.1",
    port: 0,
    countersign,
    register: async (host) => void (await addSite(h.w.deps, "system", { host, rules })),
  });
  try {
    const { port, host } = new URL(site.url);
    for (const lie of [
      {},
      { "remote-user": "root" },
      { "x-forwarded-host": "localhost" },
      { cookie: "countersign-site=x" },
    ])
      expect(await statusOf(Number(port), { host, ...lie })).toBe(401);
  } finally {
    await site.stop();
  }
});

const statusOf = async (port: number, headers: Record<string, string>) =>
  await new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, headers }, (answer) => resolve(answer.resume().statusCode))
      .once("error", reject)
      .end();
  });
