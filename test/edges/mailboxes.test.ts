// The evaluation's mailboxes as a browser gets them.
import { expect, test } from "vitest";
import { keepMail } from "#actions/mail.ts";
import { openPhones } from "#actions/phones.ts";
import { ensurePages } from "../../tools/pages.ts";
import { httpWorld } from "./http-caller.ts";

const h = httpWorld();
const get = async (path: string) =>
  await fetch(`http://127.0.0.1:${h.server.people!.port}${path}`, { headers: { "accept-language": "sv" } });

test("mail is shown newest first, in the reader's language, and nothing in it is markup", async () => {
  ensurePages();
  h.server = await h.start(h.w.deps, { phones: await openPhones(h.w.deps) });
  expect(await (await get("/mail")).text()).toContain("Ingen post");
  for (const number of [1, 2]) {
    const to = "ada@example.org";
    const text = `letter ${number}\n<script>alert(1)</script>`;
    await keepMail(h.w.deps, { id: `msg_${number}`, channel: "email", to, subject: `<b>No ${number}</b>`, text });
    h.w.clock.at += 1000;
  }
  const answer = await get("/mail");
  const page = await answer.text();
  expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(page).toContain('<html lang="sv">');
  expect(page.indexOf("letter 2")).toBeLessThan(page.indexOf("letter 1"));
  expect(page).toContain("&lt;b&gt;No 1&lt;/b&gt;");
  expect(page).not.toMatch(/<script>|<b>/);
  expect(await (await get("/mail?lang=en")).text()).toContain("Simulated mailboxes");
});

test("outside the evaluation there is no such page", async () => {
  expect((await get("/mail")).status).toBe(404);
});
