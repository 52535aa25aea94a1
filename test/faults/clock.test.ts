// F-17: a clock that jumps. A node that disagrees with the database decides nothing (R-010); a used code stays used however
// the clock has moved in between (R-011).
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { currentStep } from "../../bench/people.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { waitUntil } from "../support/process.ts";
import { type Gateway, openGateway } from "./gateway.ts";
import { addVpn, importPeople, makeGroup, makeNode, type Node } from "./node.ts";
import { addApiKey, makeCaller } from "./rest.ts";

// faketime itself stays between us and the node and would be what a kill hits, so its library is loaded without it.
const { stdout, error } = spawnSync("faketime", ["-f", "+0s", "env"], { encoding: "utf8" });
const preload = /^LD_PRELOAD=.*$/m.exec(stdout ?? "")?.[0];
const missing = error || preload === undefined ? "faketime is not installed" : undefined;
/** Durations stay true: only the time of day is another. */
const shifted = (by: string) => ["env", preload ?? "", `FAKETIME=${by}`, "FAKETIME_DONT_FAKE_MONOTONIC=1"];

async function signIn(gateway: Gateway, { user, step, to = 0 }: { user: number; step: number; to?: number }) {
  const login = gateway.send(gateway.prepare({ user, step }), { to });
  await login.done;
  return login.verdict;
}

describe("on PostgreSQL", () => {
  let postgres: Postgres;
  let nodes: Node[] = [];
  beforeAll(async () => {
    if (missing !== undefined) return;
    postgres = await startPostgres();
    nodes = await makeGroup(await postgres.createDatabase("clock"), { nodes: 2, people: 3 });
  });
  afterAll(async () => {
    for (const node of nodes) await node.kill();
    await postgres?.stop();
  });

  test("a node years ahead removes nothing from the log that all share", async (context) => {
    if (missing !== undefined) return context.skip(missing);
    const [right, wrong] = nodes as [Node, Node];
    const chains = async () => (await right.ask<{ chains: { rows: number }[] }>(["log", "verify"])).chains;
    const before = await chains();
    expect(before[0]?.rows).toBeGreaterThan(0);
    const started = wrong.spawn(shifted("+1100d"));
    await started.waitForOutput(/"msg":"ready"/);
    expect(started.output()).toMatch(/clock and the database's differ/);
    // what its jobs have begun comes to its end
    await wrong.stop();
    expect(await chains()).toEqual(expect.arrayContaining(before));
  });

  test("a node 20 seconds ahead is not ready and lets nobody in; the other works", async (context) => {
    if (missing !== undefined) return context.skip(missing);
    const [right, wrong] = nodes as [Node, Node];
    const caller = await makeCaller(await addApiKey(right));
    await right.start();
    const started = wrong.spawn(shifted("+20s"));
    await started.waitForOutput(/"msg":"ready"/);
    await waitUntil("the node to say that the clocks differ", () =>
      /clock and the database's differ/.test(started.output()),
    );
    const gateway = await openGateway([right.radiusPort, wrong.radiusPort]);
    const step = currentStep();
    expect(await wrong.ready()).toBe(false);
    expect((await fetch(`${wrong.url}/health/live`)).status).toBe(200);
    expect(await signIn(gateway, { user: 0, step, to: 1 })).toBe(undefined);
    expect((await (await caller.signLogin(1, step))(wrong.url)).verdict).toBe("unavailable");
    expect(await signIn(gateway, { user: 0, step })).toBe("accept");
    expect((await (await caller.signLogin(1, step))(right.url)).verdict).toBe("accept");
    gateway.close();
  });
});

describe("on SQLite", () => {
  let node: Node;
  beforeAll(async () => {
    node = await makeNode();
    await importPeople(node, 3);
    await addVpn(node);
  });
  afterAll(() => node.kill());

  test("a code used stays used when the clock goes an hour back and forward again", async (context) => {
    if (missing !== undefined) return context.skip(missing);
    const gateway = await openGateway([node.radiusPort]);
    const hour = 120; // steps
    const step = currentStep();
    const used = { user: 0, step };

    await node.start();
    expect(await signIn(gateway, used)).toBe("accept");
    await node.kill();

    await node.start(shifted("-1h"));
    // the clock the node sees now is right about this code, but a newer one was used
    expect(await signIn(gateway, { user: 0, step: step - hour })).toBe("reject");
    expect(await signIn(gateway, used)).toBe("reject");
    // and it is the clock of that node: somebody who has used no code gets in by it
    expect(await signIn(gateway, { user: 1, step: step - hour })).toBe("accept");
    await node.kill();

    await node.start();
    expect(currentStep() - step, "the code is still of its time").toBeLessThanOrEqual(1);
    expect(await signIn(gateway, used)).toBe("reject");
    expect(await signIn(gateway, { user: 0, step: step + 1 })).toBe("accept");
    gateway.close();
  });

  // R-011, docs/decisions/0009-clock-steps.md
  test("a clock that is set while the server runs opens no lock: nothing is decided until it is set back", async (context) => {
    if (missing !== undefined) return context.skip(missing);
    await node.kill();
    const file = join(node.data, "time");
    const set = (by: string) => writeFileSync(file, by);
    set("+0s");
    const movable = [`FAKETIME_TIMESTAMP_FILE=${file}`, "FAKETIME_CACHE_DURATION=1", "FAKETIME_DONT_FAKE_MONOTONIC=1"];
    await node.start(["env", preload ?? "", ...movable]);
    const began = performance.now();
    const gateway = await openGateway([node.radiusPort]);
    expect(await signIn(gateway, { user: 2, step: currentStep() })).toBe("accept");
    // what was believed for a moment only is held against a step for no longer
    await waitUntil("the server to have run for a while", () => performance.now() - began > 10_000);
    set("+1h");
    await waitUntil("the node to see it", async () => !(await node.ready()));
    const { status, reasons } = (await (await fetch(`${node.internalUrl}/health/ready`)).json()) as Record<
      string,
      unknown
    >;
    expect([status, reasons]).toEqual(["not ready", ["clock_step"]]);
    const silent = gateway.send(gateway.prepare({ user: 1, step: currentStep() + 120 }), { waitMs: 1000 });
    await silent.done;
    expect(silent.verdict).toBe(undefined);
    expect(await (await fetch(`${node.internalUrl}/metrics`)).text()).toContain(
      'countersign_degraded{reason="clock_step"} 1',
    );
    set("+0s");
    await waitUntil("the node to be ready again", async () => await node.ready());
    expect(node.child().output()).toMatch(/the clock was set while the server ran/);
    gateway.close();
  });
});
