// npm run torture [-- SECTION…]: the fault tests at length, about an hour. Each section prints its progress and figures, then a
// verdict; the last line sums them up. Nothing else should run on the machine: times are part of what is promised.
import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { importUnderLoad } from "../faults/import-load.ts";
import { type KillRound, openKilling, randomMoment } from "../faults/kill.ts";
import { addVpn, importPeople, makeGroup, makeNode, makeTemplate, type Node } from "../faults/node.ts";
import { oracleOf } from "../faults/oracle.ts";
import { openRace, rightRound, type Round } from "../faults/race.ts";
import { addApiKey } from "../faults/rest.ts";
import { compareOn, load, messyTable } from "../faults/token-table.ts";
import { openWitness } from "../faults/witness.ts";
import { startPostgres } from "../support/postgres.ts";
import { remove, tempFolder } from "../support/process.ts";
import { world } from "../support/world.ts";
import { ensureDebian } from "../../tools/debian.ts";

/** What went wrong, in words; none is right. */
type Section = { name: string; run: () => Promise<string[]> };

const people = 20_000;
const perSecond = 250;
const readyLimitMs = 2000;
const say = (text: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${text}`);

/** One code as 200 requests to three nodes, a new person each round. */
async function race(): Promise<string[]> {
  const rounds = 100;
  const requests = 200;
  const postgres = await startPostgres();
  const nodes = await makeGroup(await postgres.createDatabase("race"), { nodes: 3, people: rounds });
  const key = await addApiKey(nodes[0]!);
  for (const node of nodes) await node.start();
  const folder = tempFolder("torture");
  const witness = openWitness(join(folder, "witness"));
  const game = await openRace({ nodes, key, requests, witness });
  const wrong: string[] = [];
  const times: number[] = [];
  for (let user = 0; user < rounds; user++) {
    const { ms, ...round } = await game.play(user);
    const wanted: Omit<Round, "ms"> = rightRound(requests);
    if (JSON.stringify(round) !== JSON.stringify(wanted)) wrong.push(`round ${user}: ${JSON.stringify(round)}`);
    times.push(ms);
    if ((user + 1) % 10 === 0) say(`  ${user + 1} rounds, ${wrong.length} wrong`);
  }
  wrong.push(...(await oracleOf(nodes[0]!).violations(witness)));
  game.close();
  say(`  ${rounds} × ${requests} requests to 3 nodes; all answered after ms: ${spread(times)}`);
  for (const node of nodes) await node.kill();
  await postgres.stop();
  remove(folder);
  return wrong;
}

type Series = { rounds: number; perSeries: number; fresh: () => Promise<Node> };

/** Kills in series: each begins with a fresh data folder, so that no round looks through a log of hours. */
async function kill({ rounds, perSeries, fresh }: Series): Promise<string[]> {
  const played: KillRound[] = [];
  const wrong: string[] = [];
  while (played.length < rounds) {
    const node = await fresh();
    const folder = tempFolder("torture");
    const witness = openWitness(join(folder, "witness"));
    await node.start();
    const killing = await openKilling({ node, witness, oracle: oracleOf(node), people, perSecond });
    for (let round = 0; round < perSeries && played.length < rounds; round++) {
      const one = await killing.play(randomMoment());
      played.push(one);
      const late = one.readyMs < readyLimitMs ? [] : [`ready after ${one.readyMs} ms`];
      const found = [...one.wrong, ...late].map((what) => `kill ${played.length}: ${what}`);
      for (const what of found.slice(0, 3)) say(`  ✗ ${what}`);
      wrong.push(...found);
      if (played.length % 10 === 0) say(`  ${played.length} kills, ${wrong.length} wrong`);
    }
    killing.close();
    await node.kill();
    witness.close();
    remove(folder);
  }
  const sum = (of: (one: KillRound) => number) => played.reduce((total, one) => total + of(one), 0);
  const rate = Math.round((sum(({ sent }) => sent) / sum(({ killAfterMs }) => killAfterMs)) * 1000);
  if (rate < 200) wrong.push(`the load was ${rate} logins a second, not 200`);
  say(`  ${rate} logins/s; ${sum(({ sent }) => sent)} sent, ${sum(({ accepted }) => accepted)} accepted before a kill`);
  say(`  ready again after ms: ${spread(played.map(({ readyMs }) => readyMs))}`);
  return wrong;
}

async function killSqlite(): Promise<string[]> {
  const template = await makeTemplate(people);
  const fresh = async () => {
    const data = join(tempFolder("torture-data"), "data");
    cpSync(template, data, { recursive: true });
    return await makeNode({ data });
  };
  return await kill({ rounds: 500, perSeries: 25, fresh });
}

async function killPostgres(): Promise<string[]> {
  const postgres = await startPostgres();
  const [node] = await makeGroup(await postgres.createDatabase("kill"), { nodes: 1, people });
  const wrong = await kill({ rounds: 50, perSeries: 50, fresh: async () => node! });
  await postgres.stop();
  return wrong;
}

async function bulk(): Promise<string[]> {
  const settled = 500;
  const node = await makeNode();
  await importPeople(node, settled);
  await addVpn(node);
  await node.start();
  const seen = await importUnderLoad(node, { settled, people: 100_000, loginEveryMs: 100 });
  await node.kill();
  say(`  ${JSON.stringify(seen)}`);
  const limits = [
    [`${seen.seconds} s`, seen.seconds < 20],
    [`${seen.grownMb} MB more`, seen.grownMb < 300],
    [`p99 of logins ${seen.p99Ms} ms`, seen.p99Ms < 250],
    [`${seen.accepted} of ${seen.logins} logins`, seen.accepted === seen.logins],
  ] as const;
  return limits.filter(([, held]) => !held).map(([figure]) => figure);
}

/** Every state of every page in both languages. */
async function looks(): Promise<string[]> {
  const command = ["tools/browser.ts", "node_modules/@playwright/test/cli.js", "test", "looks.spec.ts"];
  const { status } = spawnSync(
    process.execPath,
    [...process.execArgv, ...command, "--config", "test/e2e/playwright.config.ts"],
    { stdio: "inherit", env: { ...process.env, EVERY_LANGUAGE: "1" } },
  );
  return status === 0 ? [] : [`the browser tests ended with ${status}`];
}

/** 100,000 rows by chance: the verdicts, and what judging them takes in memory. */
async function tokenTable(): Promise<string[]> {
  const here = await world();
  const seed = Math.floor(Math.random() * 2 ** 31);
  const table = messyTable(seed, 100_000);
  const file = Buffer.from(table);
  const before = process.memoryUsage().rss;
  const { refused } = await load(here.deps, file, { dryRun: true, goodRowsOnly: true });
  const grownMb = Math.round(Math.max(0, process.resourceUsage().maxRSS * 1024 - before) / 1e6);
  const wrong = await compareOn(here.deps, table);
  await here.close();
  say(`  seed ${seed}: ${refused} of 100,000 rows refused, ${grownMb} MB more memory`);
  return [...wrong, ...(grownMb < 250 ? [] : [`${grownMb} MB more memory`])];
}

function spread(values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b).map(Math.round);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))];
  return `median ${at(0.5)}, p99 ${at(0.99)}, most ${at(1)}`;
}

const sections: Section[] = [
  { name: "import", run: bulk },
  { name: "token-table", run: tokenTable },
  { name: "race", run: race },
  { name: "kill-postgres", run: killPostgres },
  { name: "kill-sqlite", run: killSqlite },
  { name: "looks", run: looks },
];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !sections.some((section) => section.name === name));
if (unknown.length > 0) {
  console.error(`There is no section ${unknown.join(", ")}: ${sections.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
ensureDebian();
const failed: string[] = [];
for (const { name, run } of sections.filter((section) => asked.length === 0 || asked.includes(section.name))) {
  say(name);
  const wrong = await run().catch((error: unknown) => [error instanceof Error ? (error.stack ?? error.message) : "?"]);
  for (const what of wrong.slice(0, 20)) say(`  ✗ ${what}`);
  if (wrong.length > 20) say(`  ✗ and ${wrong.length - 20} more`);
  say(wrong.length === 0 ? `${name}: held` : `${name}: ${wrong.length} wrong`);
  if (wrong.length > 0) failed.push(name);
}
console.log(failed.length === 0 ? "\nEverything held." : `\nDid not hold: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
