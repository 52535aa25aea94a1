/**
 * Checks the whole log: every chain from its beginning to its head, what is kept beside it, and anchors made earlier.
 * Must stay true: the verdict says no more than was proven, and in words that say how far that is.
 */

import { setImmediate } from "node:timers/promises";
import {
  follows,
  listChains,
  nextPlace,
  pageSize,
  readEnd,
  readEntries,
  readPersonal,
  strayPersonal,
} from "#store/log-read.ts";
import { commitmentOf } from "#store/log.ts";
import type { Row } from "#store/open.ts";
import { readPlace, type Place } from "./anchors.ts";
import type { Deps } from "./deps.ts";
import { macBefore } from "./retention.ts";

/** All that can be wrong, and how it reads. */
const problems = {
  altered: "the entry is not as it was written, or does not belong here",
  unreadable: "the entry holds something that was never written",
  twice: "two entries take one place",
  gap: "entries before this one are missing",
  no_checkpoint: "the chain begins here, and no checkpoint says why",
  personal_altered: "the personal part is not as it was written",
  personal_foreign: "a personal part belongs to no entry",
  no_head: "the node's row is missing",
  head_differs: "the chain does not end where the node's row says",
  anchor_differs: "the entry is not the one that was anchored",
  cut_off: "an anchor knows entries up to here; the chain ends before",
} as const;
export type Problem = keyof typeof problems;

/** `found` counts all problems, `problems` holds the first; `erased` counts entries whose personal part is gone. */
export type Chain = {
  node: string;
  name: string | undefined;
  from: Position | undefined;
  to: Position | undefined;
  rows: number;
  erased: number;
  anchored: Position | undefined;
  found: number;
  problems: { seq: number; problem: Problem }[];
};
export type Position = { seq: number; at: number };
export type Verdict = {
  ok: boolean;
  chains: Chain[];
  /** `read` lines hold; `refused` are the numbers of the first lines that this system did not write. */
  anchors: { read: number; refused: number[]; newestAt: number | undefined };
  sentence: string;
};

const listed = 100;

/** `anchors` is the text of an anchor file. */
export async function verifyLog(deps: Deps, { anchors }: { anchors?: string | undefined }): Promise<Verdict> {
  const file = await readAnchors(deps, anchors ?? "");
  const names = new Map((await listChains(deps.db)).map(({ node, name }) => [node, name]));
  const chains: Chain[] = [];
  for (const node of new Set([...names.keys(), ...file.places.keys()])) {
    const places = [...(file.places.get(node)?.values() ?? [])].toSorted((a, b) => b.seq - a.seq);
    chains.push(await walk(deps, { node, name: names.get(node), places }));
  }
  const { read, refused, newestAt } = file;
  const ok = refused.length === 0 && chains.every((chain) => chain.found === 0);
  const sentence = [...chains.map(sentenceFor), ...aboutFile(file)].join("\n");
  return { ok, chains, anchors: { read, refused, newestAt }, sentence };
}

async function readAnchors(deps: Deps, text: string) {
  const places = new Map<string, Map<string, Place>>();
  const refused: number[] = [];
  let newestAt: number | undefined;
  let read = 0;
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    // a year's lines take a second, and people sign in meanwhile
    if (index % pageSize === 0) await setImmediate();
    const place = readPlace(deps, "anchor", line);
    // the last line may be empty, or cut short by a crash
    if (!place && index < lines.length - 1 && refused.length < listed) refused.push(index + 1);
    if (!place) continue;
    read += 1;
    newestAt = Math.max(newestAt ?? 0, place.at);
    const own = places.get(place.node) ?? new Map<string, Place>();
    // a quiet chain is anchored at one place again and again
    places.set(place.node, own.set(`${place.seq} ${place.mac}`, place));
  }
  return { places, refused, newestAt, read };
}

type Walk = {
  chain: Chain;
  last: Last | undefined;
  /** the next one last: a long array is slow to shorten at its beginning */
  places: Place[];
  note: (seq: number, problem: Problem) => void;
};
type Last = { seq: number; mac: Uint8Array | undefined };
type Start = { node: string; name: string | undefined; places: Place[] };

async function walk(deps: Deps, { node, name, places }: Start): Promise<Chain> {
  const chain: Chain = {
    node,
    name,
    from: undefined,
    to: undefined,
    rows: 0,
    erased: 0,
    anchored: undefined,
    found: 0,
    problems: [],
  };
  const note = (seq: number, problem: Problem) => {
    chain.found += 1;
    if (chain.problems.length < listed) chain.problems.push({ seq, problem });
  };
  const on: Walk = { chain, last: undefined, places, note };
  // What is written from here on is not waited for, or a busy log would never be done.
  const { last, head } = await readEnd(deps.db, node);
  const to = [last?.seq, head?.seq, 0].find((seq) => typeof seq === "number")!;
  if (last && last.seq !== to) note(to, "unreadable");
  for (;;) {
    const next = await nextPlace(deps.db, { node, after: on.last?.seq, to });
    if (next === undefined) break;
    await page(deps, on, Math.min(to, next + pageSize - 1));
    await setImmediate();
  }
  await atEnd(deps, on);
  return chain;
}

async function page(deps: Deps, on: Walk, to: number): Promise<void> {
  const range = { node: on.chain.node, after: on.last?.seq, to };
  const rows = await readEntries(deps.db, range);
  const beside = new Map((await readPersonal(deps.db, range)).map((row) => [row["seq"], row]));
  for (const row of rows) {
    await entry(deps, on, row);
    besides(on, row, beside.get(row["seq"]));
    beside.delete(row["seq"]);
  }
  for (const seq of beside.keys()) on.note(typeof seq === "number" ? seq : to, "personal_foreign");
}

/** One entry: its place, what it follows, its MAC, and the anchors made here. */
async function entry(deps: Deps, on: Walk, row: Row): Promise<void> {
  const { chain, last, note } = on;
  const { seq } = row;
  if (typeof seq !== "number") return note((last?.seq ?? 0) + 1, "unreadable");
  chain.rows += 1;
  if (seq === last?.seq) return note(seq, "twice");
  const before = await followed(deps, on, seq);
  const mac = row["mac"] instanceof Uint8Array ? row["mac"] : undefined;
  if (!mac) note(seq, "unreadable");
  else if (before && !follows(deps.keys, before, row)) note(seq, "altered");
  // what comes next is held against what stands here, so that one bad entry is one problem
  on.last = { seq, mac };
  chain.to = { seq, at: Number(row["at"]) };
  chain.from ??= chain.to;
  anchorsAt(deps, on, on.last);
}

async function followed(deps: Deps, { chain, last, note }: Walk, seq: number): Promise<Uint8Array | undefined> {
  if (last && seq === last.seq + 1) return last.mac;
  // what retention removes while this runs leaves such a gap too
  const before = await macBefore(deps, chain.node, seq);
  if (!before) note(seq, last ? "gap" : "no_checkpoint");
  return before;
}

function anchorsAt(deps: Deps, { chain, places, note }: Walk, { seq, mac }: Last): void {
  // anchors of what retention has removed, or of a gap that is noted already
  while (places.length > 0 && places.at(-1)!.seq < seq) places.pop();
  while (places.at(-1)?.seq === seq) {
    const place = places.pop()!;
    if (mac && Buffer.from(mac).toString("hex") === place.mac) chain.anchored = { seq, at: place.at };
    else if (counts(deps, place)) note(seq, "anchor_differs");
  }
}

/** Older than anything that is kept: of a node that was gone so long that nothing of it is left. */
const counts = (deps: Deps, { at }: Place) =>
  at >= deps.clock.now() - deps.settings.values()["retention.audit-days"] * 86_400_000;

function besides({ chain, note }: Walk, row: Row, beside: Row | undefined): void {
  const { seq, commitment } = row;
  if (typeof seq !== "number") return;
  if (!beside) {
    if (commitment !== null) chain.erased += 1;
    return;
  }
  if (!(commitment instanceof Uint8Array)) return note(seq, "personal_foreign");
  const { salt, fields } = beside;
  // a longer or shorter salt could trade octets with the fields behind it
  const whole = salt instanceof Uint8Array && salt.length === 16 && typeof fields === "string";
  if (!whole || !commitmentOf(salt, fields).equals(commitment)) note(seq, "personal_altered");
}

async function atEnd(deps: Deps, on: Walk): Promise<void> {
  const { chain, last, places, note } = on;
  const end = last?.seq ?? 0;
  const { node } = chain;
  const stated = await readEnd(deps.db, node);
  if (!stated.head && last) note(end, "no_head");
  if (stated.head && !(await agree(deps, node, stated))) note(end, "head_differs");
  if (await strayPersonal(deps.db, { node, after: last?.seq })) note(end, "personal_foreign");
  for (const [index, place] of places.toReversed().entries()) {
    if (index % pageSize === 0) await setImmediate();
    if (await isCut(deps, on, place)) note(place.seq, "cut_off");
  }
}

const isCut = async (deps: Deps, { chain, last }: Walk, place: Place): Promise<boolean> =>
  counts(deps, place) && (last !== undefined || !(await macBefore(deps, chain.node, place.seq + 1)));

/** A chain without entries has not begun, or retention has removed it to its end. */
async function agree(deps: Deps, node: string, { last, head }: Awaited<ReturnType<typeof readEnd>>) {
  const { seq, mac } = head!;
  if (typeof seq !== "number" || !(mac instanceof Uint8Array)) return false;
  const end = last ?? { seq, mac: await macBefore(deps, node, seq + 1) };
  return seq === end.seq && end.mac instanceof Uint8Array && Buffer.from(end.mac).equals(mac);
}

const time = (at: number) => new Date(at).toISOString();

function sentenceFor(chain: Chain): string {
  const { from, to, anchored, found, erased } = chain;
  const log = `The log of node ${chain.name ?? "(unregistered)"} (${chain.node})`;
  const first = chain.problems[0];
  if (first)
    return `${log} does not verify. Problems: ${found}; the first is at entry ${first.seq}: ${problems[first.problem]}.`;
  if (!from || !to) return `${log} holds no entries.`;
  return [
    `${log}: every entry from ${from.seq} (${time(from.at)}) to ${to.seq} (${time(to.at)}) is as it was written, in order, and none between them is missing.`,
    ...(from.seq > 1 ? [`Entries before ${from.seq} were removed by retention; a chained checkpoint says so.`] : []),
    anchored
      ? `Nothing was removed before the anchor of ${time(anchored.at)} at entry ${anchored.seq}; entries that came after it could be missing only if somebody cut them off and set the node's head back as well.`
      : "No anchor of this chain was given: entries could be missing at its end if somebody cut them off and set the node's head back as well.",
    ...(erased > 0
      ? [
          `The personal part of ${erased} entries is gone: by retention or erasure, which this check cannot tell from other removal.`,
        ]
      : []),
  ].join(" ");
}

function aboutFile({ read, refused }: { read: number; refused: number[] }): string[] {
  if (refused.length > 0)
    return [`The anchor file has lines that this system did not write; the first is line ${refused[0]}.`];
  return read > 0 ? [] : ["Without anchors, a chain that is missing as a whole is not noticed."];
}
