// What somebody learns who tries names and passwords on the sign-in page, and what they can keep others from.
import { expect, test } from "vitest";
import { addPerson, setState } from "#actions/people.ts";
import { isPassword } from "#actions/passwords.ts";
import { browser } from "../support/browser.ts";
import { httpWorld } from "./http-caller.ts";

const password = "correct horse battery";
const h = httpWorld();

test("however often it is tried, a name that nobody has reads like one that somebody has", async () => {
  await addPerson(h.w.deps, "cli", { username: "ada", password });
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
  const [known, unknown] = await Promise.all([alerts("ada"), alerts("nobody")]);
  expect(new Set(known).size).toBe(2);
  expect(unknown).toEqual(known);
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
