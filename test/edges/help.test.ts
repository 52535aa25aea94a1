// The guide as people reach it: without signing in, in their language, from where trouble shows.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { helpPath, helpTopics } from "#core/help.ts";
import { httpWorld } from "./http-caller.ts";

const h = httpWorld();

const get = async (target: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(`http://127.0.0.1:${h.server.people!.port}${target}`, { headers, redirect: "manual" });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
};
const linksOf = (text: string) => [...text.matchAll(/href="(\/help[^"?]*)"/g)].map(([, path]) => path!);

test.each([
  ["en", "Get help"],
  ["sv", "Få hjälp"],
])("in %s the list leads to every question, and each has its answer", async (language, title) => {
  const list = await get("/help", { "accept-language": language });
  expect(list.status).toBe(200);
  expect(list.text).toContain(`<html lang="${language}">`);
  expect(list.text).toMatch(new RegExp(`<h1[^>]*>${title}</h1>`));
  expect(new Set(linksOf(list.text))).toEqual(new Set(["/help", ...helpTopics.map(helpPath)]));
  for (const topic of helpTopics) {
    const page = await get(helpPath(topic), { "accept-language": language });
    expect([topic, page.status, page.text.includes(`lang="${language}"`)]).toEqual([topic, 200, true]);
  }
});

test("the language that was chosen stays, on the list and on the answers", async () => {
  const chosen = await get("/help/no-text?lang=sv");
  expect(chosen.text).toContain("Det kommer inget sms");
  const cookie = chosen.headers.get("set-cookie")!.split(";")[0]!;
  expect((await get("/help", { cookie })).text).toContain("Få hjälp");
  expect((await get("/help?lang=xx", { cookie })).text).toContain("Få hjälp");
});

test("whom to ask stands on every page, as text", async () => {
  h.w.set({ "support.name": "IT <b>desk</b>", "support.phone": "+46 8 123 45" });
  for (const target of ["/help", "/help/lost-phone"]) {
    const { text } = await get(target);
    expect(text).toContain("IT &lt;b&gt;desk&lt;/b&gt;");
    expect(text).toContain("+46 8 123 45");
  }
});

test("a question that there is not is an error page that says so", async () => {
  const { status, text, headers } = await get("/help/absent?x=<script>");
  expect(status).toBe(404);
  expect(text).toContain("CS-1008");
  expect(text).toContain(headers.get("x-correlation-id"));
  expect(text).not.toContain("<script>");
});

test("whatever the sources link to in the guide is there", () => {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const files = ["src", "web"].flatMap((folder) =>
    readdirSync(root + folder, { recursive: true, encoding: "utf8" })
      .filter((name) => /\.(ts|tsx|json|html|md)$/.test(name) && !/node_modules|dist\//.test(name))
      .map((name) => `${root}${folder}/${name}`),
  );
  const linked = files.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/["'`(]\/help[/#]([\w-]+)/g)].map(([, topic]) => [file, topic!]),
  );
  const known: readonly string[] = helpTopics;
  expect(linked.filter(([, topic]) => !known.includes(topic!))).toEqual([]);
});
