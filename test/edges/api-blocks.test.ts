// Blocks over HTTP, on both databases. What a block does is in blocks.test.ts; here is how it is asked for.
import { describe, expect, test } from "vitest";
import { addPerson } from "#actions/people.ts";
import { begin } from "#actions/verify.ts";
import { blocksContract as contract } from "#edges/http/blocks-contract.ts";
import { kinds } from "../support/world.ts";
import { httpWorld } from "./http-caller.ts";

type Name = keyof typeof contract;
const reason = "phone stolen, called back";
const number = "+46701234567";

describe.each(kinds)("blocking by API, on %s,", (kind) => {
  const h = httpWorld(kind);
  const setUp = async () => {
    await addPerson(h.w.deps, "cli", { username: "ada", mobile_phone: number });
    const key = await h.newKey({ scopes: ["helpdesk"] });
    return async (name: Name, body: object) => {
      const { method, url } = contract[name];
      return await h.call(key, { method, target: url.replace(":username", "ada"), body });
    };
  };
  const done = (name: Name, body: unknown) =>
    contract[name].schema.response[200].content["application/json"].schema.parse(body) as Record<string, unknown>;
  const signIn = async () =>
    await begin(h.w.deps, {
      application: { id: "rcl_1", name: "VPN", firstFactor: "none", canChallenge: true, allowWithoutMethodUntil: 0 },
      username: "ada",
      source: { protocol: "radius" },
    });

  test("a person and a number are blocked, listed and let go again", async () => {
    const ask = await setUp();
    const person = done("blockUser", (await ask("blockUser", { reason, days: 3 })).body);
    expect(person["until"]).toBe(h.w.clock.at + 3 * 86_400_000);
    expect(await signIn()).toMatchObject({ code: "person_blocked" });
    h.w.clock.at += 1;
    const blocked = done("blockNumber", (await ask("blockNumber", { number, reason })).body);
    const { blocks } = done("listBlocks", (await ask("listBlocks", {})).body);
    expect(blocks).toMatchObject([
      { id: blocked["id"], number: "+46 •• 67", username: null },
      { id: person["id"], number: null, username: "ada", reason, blocked: true },
    ]);
    expect(done("unblockUser", (await ask("unblockUser", { reason })).body)).toEqual({ ended: [person["id"]] });
    expect(await signIn()).toMatchObject({ code: "number_blocked" });
    expect(done("unblockNumber", (await ask("unblockNumber", { number, reason })).body)).toEqual({
      ended: [blocked["id"]],
    });
    expect(await signIn()).toMatchObject({ kind: "challenge" });
    expect((await ask("unblockUser", { reason })).status).toBe(404);
    const ended = done("listBlocks", (await ask("listBlocks", { number, ended: true })).body);
    expect(ended["blocks"]).toMatchObject([{ id: blocked["id"], blocked: false, endedReason: reason }]);
  });

  test("a reason is needed, and the scope", async () => {
    const ask = await setUp();
    expect((await ask("blockUser", {})).status).toBe(400);
    const other = await h.newKey({ scopes: ["verify"] });
    const target = contract.blockNumber.url;
    expect((await h.call(other, { method: "POST", target, body: { number, reason } })).status).toBe(403);
  });
});
