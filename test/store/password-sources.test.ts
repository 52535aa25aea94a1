// passwords that one address tries at everybody, and what it costs those who share an address or do nothing wrong.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newPasswordHash } from "#actions/passwords.ts";
import { begin } from "#actions/verify.ts";
import type { Application } from "#core/facts.ts";
import "../support/quick-passwords.ts";
import { kinds, world, type World } from "../support/world.ts";

const application: Application = {
  id: "app_portal",
  name: "Portal",
  firstFactor: "local",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};
const right = "the right one";
const attacker = { clientIp: "8.8.8.8" };
const limit = 5;

describe.each(kinds)("on %s", (kind) => {
  let w: World;
  beforeEach(async () => {
    w = await world({ kind, settings: { "password.source-per-ten-minutes": limit } });
    const passwordHash = await newPasswordHash(w.deps, right);
    await w.person({ username: "ada", passwordHash });
    await w.person({ username: "off", passwordHash, state: "disabled" });
  });
  afterEach(async () => await w.close());

  type Where = { clientIp?: string; station?: string };
  const enter = async (username: string, password: string, where: Where = attacker) => {
    const source = { protocol: "web", ...where } as const;
    const outcome = await begin(w.deps, { application, username, password, source });
    return outcome.kind === "deny" ? outcome.code : outcome.kind;
  };
  const spray = async (where: Where = attacker, times = limit) =>
    await Promise.all(Array.from({ length: times }, (_, index) => enter(`nobody${index}`, "Winter2027", where)));

  test("after so many wrong ones at any names all names read the same, from there alone, until ten minutes are over", async () => {
    for (let index = 0; index < limit; index++)
      expect(await enter(`nobody${index}`, "Winter2027")).toBe("unknown_person");
    for (const username of ["ada", "off", "nobody"])
      for (const password of [right, "Winter2027"]) expect(await enter(username, password)).toBe("throttled");
    expect(await enter("ada", right, { clientIp: "8.8.4.4" })).toBe("challenge");
    w.clock.at += 600_000;
    expect(await enter("ada", right)).toBe("challenge");
  });

  test("of many at once no more are looked at than there may be", async () => {
    const heard = await spray(attacker, 4 * limit);
    expect(heard.filter((one) => one === "unknown_person")).toHaveLength(limit);
    expect(heard.filter((one) => one === "throttled")).toHaveLength(3 * limit);
  });

  test("right ones take nothing, and wrong ones at who is disabled count like others", async () => {
    for (let time = 0; time < limit + 1; time++) expect(await enter("ada", right)).toBe("challenge");
    for (let time = 0; time < limit; time++) expect(await enter("off", "Winter2027")).toBe("person_disabled");
    expect(await enter("ada", right)).toBe("throttled");
  });

  test("an IPv6 network is one address", async () => {
    for (let index = 0; index < limit; index++) await enter("nobody", "x", { clientIp: `2606:4700:1:${index}::1` });
    expect(await enter("ada", right, { clientIp: "2606:4700:1:99::1" })).toBe("throttled");
    expect(await enter("ada", right, { clientIp: "2606:4700:2::1" })).toBe("challenge");
  });

  test.each<[string, Where]>([
    ["one's own networks", { clientIp: "10.0.0.7" }],
    ["a RADIUS client that names no station", {}],
    ["a station that is no address", { station: "aa-bb-cc-dd-ee-ff" }],
  ])("many people are behind %s: nothing is counted", async (_, where) => {
    expect(await spray(where, 2 * limit)).not.toContain("throttled");
    expect(await enter("ada", right, where)).toBe("challenge");
  });
});
