// F-01: the process killed before its N-th sync to disk, for every N, on the embedded database. What is there afterwards is
// the old state or the new one, never a mixture, and what was acknowledged is there.
import { spawnSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { currentStep, peopleCsv, userName } from "../../bench/people.ts";
import { csvParts } from "../../bench/token-files.ts";
import { remove, tempFolder } from "../support/process.ts";
import { type Gateway, openGateway, verdictOf } from "./gateway.ts";
import { makeNode, makeTemplate, type Node } from "./node.ts";
import { oracleOf } from "./oracle.ts";
import { openWitness } from "./witness.ts";

const calls = "fdatasync,fsync";
/** -D: the tracer is the grandchild, so that signals reach the node itself. */
const killAt = (count: number) => {
  const inject = `inject=${calls}:signal=SIGKILL:when=${count}`;
  return ["strace", "-D", "-f", "-o", "/dev/null", "-e", `trace=${calls}`, "-e", inject];
};

/** Why this cannot be done here; undefined when it can. */
export function whyNoTracing(): string | undefined {
  const { status, error } = spawnSync("strace", ["-o", "/dev/null", "true"]);
  if (error) return "strace is not installed";
  return status === 0 ? undefined : "strace may not trace here";
}

type SyncPoint = { count: number; killed: boolean; acknowledged: boolean; wrong: string[] };
/** One run that dies before its sync number `count`, in a fresh data folder, and what was left of it. */
type Scenario = (count: number) => Promise<SyncPoint>;

/** One sync after the other until a run is not killed any more; two at a time, since much of a run is waiting. */
export async function everyPoint(run: Scenario): Promise<SyncPoint[]> {
  const points: SyncPoint[] = [];
  do points.push(...(await Promise.all([run(points.length + 1), run(points.length + 2)])));
  while (points.every(({ killed }) => killed));
  return points;
}

const settled = 10;
const imported = 1000;

/** Where nothing is at work: ten people and a client. */
export async function openScenarios(): Promise<{ login: Scenario; import: Scenario; tokens: Scenario }> {
  const template = await makeTemplate(settled);
  const on = (play: Play) => async (count: number) => {
    const data = tempFolder("sync-point");
    cpSync(template, data, { recursive: true });
    const point = await play(await makeNode({ data }), killAt(count), count);
    remove(data);
    return point;
  };
  return { login: on(login), import: on(bulk), tokens: on(tokenBulk) };
}
type Play = (node: Node, wrap: string[], count: number) => Promise<SyncPoint>;

/** What a command on an empty data folder syncs to disk, in order. */
export async function firstStart(): Promise<string[]> {
  const work = tempFolder("first-start");
  const log = join(work, "syncs");
  const node = await makeNode({ data: join(work, "data") });
  // -y: with the file's path
  await node.cli(["user", "list"], { wrap: ["strace", "-f", "-y", "-o", log, "-e", `trace=${calls}`] });
  return [...readFileSync(log, "utf8").matchAll(/ f(?:data)?sync\(\d+<([^>]*)>/g)].map(([, path]) => basename(path!));
}

/** Start, one login, stop: as far as it gets. */
async function serveOnce(node: Node, wrap: string[], gateway: Gateway) {
  const packet = gateway.prepare({ user: 1, step: currentStep() });
  let login;
  try {
    await node.start(wrap);
    login = gateway.send(packet);
    await Promise.race([login.done, node.child().exited]);
    await node.stop();
  } catch {
    // it died before it was ready
  }
  gateway.giveUp();
  return { packet, login, exit: await node.child().exited };
}

async function login(node: Node, wrap: string[], count: number): Promise<SyncPoint> {
  const witness = openWitness(join(tempFolder("witness"), "log"));
  const gateway = await openGateway([node.radiusPort], { witness });
  const oracle = oracleOf(node);
  const { packet, login: first, exit } = await serveOnce(node, wrap, gateway);
  await node.start();
  const before = await oracle.violations(witness);
  // the packet that had its answer gets it again; one that had none is answered now
  const again = first && (await gateway.repeat(packet));
  const later = gateway.send(gateway.prepare(packet));
  await later.done;
  const acknowledged = first?.verdict === "accept";
  const wrong = [
    ...before,
    ...told("a right code was refused", first?.verdict !== undefined && !acknowledged),
    ...told("the packet repeated is not accepted", first !== undefined && (!again || verdictOf(again) !== "accept")),
    ...told("the packet repeated gets other octets", acknowledged && !again?.equals(first.reply!)),
    ...told("a used code counts again", first !== undefined && later.verdict !== "reject"),
    ...told("a code that was never sent does not count", !first && later.verdict !== "accept"),
    ...(await oracle.violations(witness)),
  ];
  await node.kill();
  gateway.close();
  return { count, killed: exit.signal === "SIGKILL", acknowledged, wrong };
}
const told = (what: string, is: boolean) => (is ? [what] : []);

const newcomers = () => {
  const [header, ...rows] = peopleCsv(settled + imported)
    .trim()
    .split("\n");
  return `${[header, ...rows.slice(settled)].join("\n")}\n`;
};
const importOnce = async (node: Node, wrap: string[]) =>
  await node.cli(["user", "import", "-", "--json"], { wrap, input: newcomers() });

async function bulk(node: Node, wrap: string[], count: number): Promise<SyncPoint> {
  const { signal, code, stdout } = await importOnce(node, wrap);
  const acknowledged = code === 0 && (JSON.parse(stdout) as { accepted: number }).accepted === imported;
  await node.start();
  const { people } = await node.tell<{ people: unknown[] }>("user list", { limit: 10_000 });
  const there = people.length - settled;
  const { records } = await node.tell<{ records: { result: string }[] }>("log list", {});
  const recorded = records.filter(({ result }) => result === "PEOPLE_IMPORTED").length - 1;
  const wrong = [
    ...told(`${there} of ${imported} people are there`, there !== 0 && there !== imported),
    ...told("an acknowledged import is gone", acknowledged && there === 0),
    ...told(`${recorded} records tell of ${there} people`, recorded !== Number(there > 0)),
    ...(await codesOf(node, there > 0 ? "accept" : "reject")),
    ...(there === 0 ? await bulkAgain(node) : []),
    ...told("the log does not verify", !(await node.tell<{ ok: boolean }>("log verify")).ok),
  ];
  await node.kill();
  return { count, killed: signal === "SIGKILL", acknowledged, wrong };
}

const box = [...csvParts(imported)].join("");
const importTokensOnce = async (node: Node, wrap: string[]) =>
  await node.cli(["token", "import", "-", "--json"], { wrap, input: box });

/** F-59, R-089 */
async function tokenBulk(node: Node, wrap: string[], count: number): Promise<SyncPoint> {
  const { signal, code, stdout } = await importTokensOnce(node, wrap);
  const acknowledged = code === 0 && (JSON.parse(stdout) as { accepted: number }).accepted === imported;
  await node.start();
  const list = async () => (await node.tell<{ tokens: unknown[] }>("token list", { limit: 10_000 })).tokens.length;
  const there = await list();
  const { records } = await node.tell<{ records: { result: string }[] }>("log list", {});
  const recorded = records.filter(({ result }) => result === "TOKENS_IMPORTED").length;
  const again = await node.tell<{ accepted: number }>("token import", {}, box);
  const wrong = [
    ...told(`${there} of ${imported} tokens are there`, there !== 0 && there !== imported),
    ...told("an acknowledged import is gone", acknowledged && there === 0),
    ...told(`${recorded} records tell of ${there} tokens`, recorded !== Number(there > 0)),
    ...told(`done again, it takes ${again.accepted}`, again.accepted !== imported - there),
    ...told("done again, there are others", (await list()) !== imported),
    ...told("the log does not verify", !(await node.tell<{ ok: boolean }>("log verify")).ok),
  ];
  await node.kill();
  return { count, killed: signal === "SIGKILL", acknowledged, wrong };
}

async function bulkAgain(node: Node): Promise<string[]> {
  const { accepted } = await node.tell<{ accepted: number }>("user import", {}, newcomers());
  return [...told(`done again, it takes ${accepted}`, accepted !== imported), ...(await codesOf(node, "accept"))];
}

/** The codes of the first, a middle and the last newcomer. */
async function codesOf(node: Node, wanted: string): Promise<string[]> {
  const gateway = await openGateway([node.radiusPort]);
  const users = [settled, settled + imported / 2, settled + imported - 1];
  const logins = users.map((user) => gateway.send(gateway.prepare({ user, step: currentStep() })));
  await Promise.all(logins.map(({ done }) => done));
  gateway.close();
  return logins.flatMap(({ user, verdict }) =>
    verdict === wanted ? [] : [`${userName(user)} gets ${verdict}, not ${wanted}`],
  );
}
