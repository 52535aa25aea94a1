import { z } from "zod";
import { listHeads } from "#store/log-read.ts";
import type { Deps } from "./deps.ts";

/**
 * Statements about a place in a chain, each with a proof that only the key's holder can make: an anchor, kept outside the
 * database, says that the chain had come this far; a checkpoint, an entry itself, that everything up to here was removed.
 * Must stay true: the one never passes for the other, or an anchor would excuse the removal of what it should protect.
 */

export type Place = { node: string; seq: number; mac: string; at: number };

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const schema = z.strictObject({
  at: z.int(),
  node: z.string(),
  seq: z.int().positive(),
  mac: digest,
  proof: digest,
});

/** Ends in a number and a bracket, as no entry's own MAC does: the log cannot be made to prove a place. */
const proofOf = ({ keys }: Deps, kind: "anchor" | "checkpoint", { node, mac, seq, at }: Place) =>
  keys.mac("chain", `${kind} ${JSON.stringify([node, mac, seq, at])}`).toString("hex");

/** The place with its proof, as a line of an anchor file or an entry's detail. */
export const proven = (deps: Deps, kind: "anchor" | "checkpoint", { at, node, seq, mac }: Place): string =>
  JSON.stringify({ at, node, seq, mac, proof: proofOf(deps, kind, { at, node, seq, mac }) });

/** The place that a line names, if its proof holds. */
export function readPlace(deps: Deps, kind: "anchor" | "checkpoint", line: string): Place | undefined {
  try {
    const { proof, ...place } = schema.parse(JSON.parse(line));
    return proof === proofOf(deps, kind, place) ? place : undefined;
  } catch {
    return undefined;
  }
}

/** The heads of all chains, a line each, to be kept where whoever can write the database cannot reach. */
export async function writeAnchors(deps: Deps): Promise<string[]> {
  const at = deps.clock.now();
  const heads = await listHeads(deps.db);
  return heads.map(({ node, seq, mac }) =>
    proven(deps, "anchor", { at, node, seq, mac: Buffer.from(mac).toString("hex") }),
  );
}
