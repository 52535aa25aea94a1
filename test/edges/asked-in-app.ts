/** Ada and her device, and sign-ins of hers that ask it, in a world with a server. */

import { expect } from "vitest";
import { inviteByName } from "#actions/activations.ts";
import { collect } from "#actions/collect.ts";
import { addPerson } from "#actions/people.ts";
import { begin } from "#actions/verify.ts";
import type { Application } from "#core/facts.ts";
import { activate, look, type Kept } from "../../examples/device/device.ts";
import type { httpWorld } from "./http-caller.ts";

export const portal: Application = {
  id: "app_portal",
  name: "Portal",
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};

export function asker(h: ReturnType<typeof httpWorld>) {
  const bind = async () =>
    await activate(await inviteByName(h.w.deps, "cli", { username: "ada" }), {
      url: `http://127.0.0.1:${h.server.people!.port}`,
    });
  const adaWith = async (more: object = {}) => {
    await addPerson(h.w.deps, "cli", { username: "ada", email: "ada@example.org", ...more });
    return await bind();
  };
  const asking = async (application = portal, more: object = {}) =>
    await begin(h.w.deps, {
      application,
      username: "ada",
      source: { protocol: "web", clientIp: "203.0.113.9" },
      ...more,
    });
  const asked = async (application = portal) => {
    const outcome = await asking(application);
    if (outcome.kind !== "challenge") throw new Error(`no challenge but ${JSON.stringify(outcome)}`);
    const collecting = { application, challengeId: outcome.id, source: { protocol: "web" } as const };
    const came = async (waitMs = 0) => await collect(h.w.deps, { ...collecting, waitMs });
    return { id: outcome.id, prompt: outcome.prompt, number: outcome.prompt.number ?? "", came };
  };
  const only = async (kept: Kept) => {
    const { requests } = await look(kept);
    expect(requests).toHaveLength(1);
    return requests[0]!;
  };
  const records = async () =>
    (
      await h.w.deps.db.q
        .selectFrom("log")
        .select(["result", "authenticated", "detail"])
        .where("kind", "in", ["authentication", "approval"])
        .orderBy("seq")
        .execute()
    ).map(({ result, authenticated, detail }) => [
      result,
      authenticated,
      JSON.parse(detail ?? "null")?.devices ?? null,
    ]);
  const changes = async () =>
    (await h.w.deps.db.q.selectFrom("log").select("result").where("kind", "=", "change").orderBy("seq").execute()).map(
      ({ result }) => result,
    );
  return { bind, adaWith, asking, asked, only, records, changes };
}
