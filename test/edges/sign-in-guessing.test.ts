// What somebody learns who tries names and passwords on the sign-in page, and what they can keep others from.
import { expect, test, vi } from "vitest";
import { addPerson, setState } from "#actions/people.ts";
import { isPassword } from "#actions/passwords.ts";
import { browser } from "../support/browser.ts";
import { httpWorld } from "./http-caller.ts";

vi.unmock("node:crypto");

const password = "correct horse battery";
const h = httpWorld();

test("however often it is tried, a name that nobody has reads like one that somebody has", async () => {
  for (const username of ["ada", "off"]) await addPerson(h.w.deps, "cli", { username, password });
  await setState(h.w.deps, "cli", { username: "off", state: "disabled" });
  h.w.set({ "password.per-ten-minutes": 3 });
  const alerts = async (username: string) => {
    const page = browser(h.server.people!.port);
    await page.open("/sign-in");
    const heard: string[] = [];
    for (let tries = 0; tries < 5; tries++) {
      await page.submit("/sign-in/password", { username, password: "a guess" });
      heard.push(page.alert());
    }
    return heard;
  };
  const [known, unknown, disabled] = await Promise.all(["ada", "nobody", "off"].map(alerts));
  expect(new Set(known).size).toBe(2);
  expect(unknown).toEqual(known);
  expect(disabled).toEqual(known);
});

test("every refusal takes as long, whoever is named", async () => {
  await addPerson(h.w.deps, "cli", { username: "ada", password });
  await addPerson(h.w.deps, "cli", { username: "off", password });
  await setState(h.w.deps, "cli", { username: "off", state: "disabled" });
  const took = await Promise.all(
    ["ada", "nobody", "off", ":"].map(async (username) => {
      const page = browser(h.server.people!.port);
      await page.open("/sign-in");
      const begun = performance.now();
      await page.submit("/sign-in/password", { username, password: "a guess" });
      return performance.now() - begun;
    }),
  );
  expect(took.filter((ms) => ms < 990)).toEqual([]);
});

test("a source that asks for more passwords than can be checked keeps nobody else waiting", async () => {
  // costs next to nothing, so that only the order counts
  const hash = `$argon2id$v=19$m=8,t=1,p=1$${"A".repeat(22)}$${"A".repeat(43)}`;
  const check = async (source: string) => await isPassword(h.w.deps, { hash, password, source });
  const refused = async (sources: string[]) =>
    (await Promise.allSettled(sources.map(check))).filter(({ status }) => status === "rejected").length;
  const asked = [
    refused(Array.from({ length: 300 }, () => "198.51.100.7")),
    refused(["192.0.2.1", "192.0.2.2"]),
    // and of sources that ask for one each the last have to wait
    refused(Array.from({ length: 150 }, (_, one) => `203.0.113.${one}`)),
    refused(Array.from({ length: 150 }, (_, one) => `203.0.114.${one}`)),
  ];
  const [flood, others, first, last] = await Promise.all(asked);
  expect([others, first]).toEqual([0, 0]);
  expect(flood).toBeGreaterThan(200);
  expect(last).toBeGreaterThan(50);
});

test("an address that asks for more pages than people can is told so, and nothing is kept for it", async () => {
  const rows = async () => {
    const { q } = h.w.deps.db;
    const kept = [q.selectFrom("sign_in").select("id"), q.selectFrom("ceremony").select("id")];
    return (await Promise.all(kept.map(async (one) => await one.execute()))).flat().length;
  };
  const ask = async (path: string) =>
    await fetch(`http://127.0.0.1:${h.server.people!.port}${path}`, { redirect: "manual" });
  const limits = { "/sign-in": 303, "/oidc/authorize?client_id=x": 400, "/forward-auth/start": 400 };
  for (const [path, before] of Object.entries(limits)) {
    const statuses = [];
    for (let asked = 0; asked < 601; asked++) statuses.push((await ask(path)).status);
    expect(statuses.filter((status) => status === before)).toHaveLength(600);
    const kept = await rows();
    const answer = await ask(path);
    expect([answer.status, /CS-\d+/.exec(await answer.text())?.[0]]).toEqual([429, "CS-1002"]);
    expect(await rows()).toBe(kept);
  }
  for (const path of ["/assets/sign-in.css", "/oidc/jwks", "/help"]) expect((await ask(path)).status).toBe(200);
  h.w.clock.at += 1000;
  expect((await ask("/sign-in")).status).toBe(303);
});

test("while the node is not ready no page decides anything, and a sign-in goes on where it was", async () => {
  await addPerson(h.w.deps, "cli", { username: "ada", password });
  const page = browser(h.server.people!.port);
  await page.open("/sign-in");
  h.ready = false;
  const refused = await page.submit("/sign-in/password", { username: "ada", password });
  const counted = await h.w.deps.db.q.selectFrom("throttle").select("id").where("id", "like", "password %").execute();
  expect([refused.status, counted]).toEqual([503, []]);
  h.ready = true;
  await page.open("/sign-in");
  expect((await page.submit("/sign-in/password", { username: "ada", password })).status).toBe(200);
});
