// An error page that came before any decision: its correlation id leads to it in the log, and nobody can fill the log with them.
import { describe, expect, test } from "vitest";
import { listLog } from "#actions/records.ts";
import { tellStory } from "#actions/story.ts";
import { pageErrors } from "#core/page-errors.ts";
import { browser } from "../support/browser.ts";
import { kinds } from "../support/world.ts";
import { httpWorld } from "./http-caller.ts";

describe.each(kinds)("an error page, on %s,", (kind) => {
  const h = httpWorld(kind);
  const shown = async (target: string) => {
    const page = browser(h.server.people!.port);
    const { text } = await page.open(target, undefined, { accept: "text/html" });
    return /cor_[\w-]+/.exec(text)![0];
  };
  const noted = async () => (await listLog(h.w.deps, { kind: "page_error", limit: 1000 })).records;

  test.each([
    ["/sign-in?flow=sgn_0000000000000000000000", "cookie_missing"],
    ["/help/no-such-thing", "not_found"],
    ["/oidc/authorize?client_id=nobody&response_type=code", "application_unknown"],
    ["/forward-auth/failed", "cookie_missing"],
  ] as const)("at %s is told by its correlation id, with what to do", async (target, name) => {
    const id = await shown(target);
    await expect.poll(async () => (await noted()).length).toBe(1);
    const { entries, advice } = await tellStory(h.w.deps, id);
    expect(entries.map(({ sentence }) => sentence)).toEqual([
      `Somebody was shown the error page ${pageErrors[name].number} (${name.replaceAll("_", " ")}) at ${target.split("?")[0]!}, before anything was decided.`,
    ]);
    expect(advice?.administrator).toBe(pageErrors[name].administrator);
  });

  test("is noted so often for an address and no more, until an hour has passed", async () => {
    for (let count = 0; count < 30; count += 1) await shown("/forward-auth/failed");
    await expect.poll(async () => (await noted()).length).toBe(20);
    h.w.clock.at += 3_600_000;
    const id = await shown("/forward-auth/failed");
    await expect.poll(async () => (await noted()).length).toBe(21);
    expect((await noted())[0]).toMatchObject({ correlationId: id, personal: null });
  });
});
