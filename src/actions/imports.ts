/**
 * What every import has in common: it lives under an id, is given up with all that it wrote unless it came to its end, and says
 * how far it is. Must stay true: what one leaves behind is removed, and what lives elsewhere is left alone.
 */

import { AppError } from "#core/errors.ts";
import { giveUpImport, removeImports, startImport, takeDeadImports, type ImportKind } from "#store/imports.ts";
import type { Deps } from "./deps.ts";

/** An import that another node works on touches its row with every chunk, so this silence means that it died. */
const silenceMs = 300_000;

/** Imports under way in this process. */
const living = new Set<string>();

/** Whatever the work has not committed is gone afterwards. */
export async function underImport<T>(deps: Deps, kind: ImportKind, work: (id: string) => Promise<T>): Promise<T> {
  await cleanImports(deps);
  const id = deps.random.id("imp_");
  living.add(id);
  try {
    await deps.db.transaction((run) => startImport(run, { id, kind, at: deps.clock.now() }));
    return await work(id);
  } finally {
    living.delete(id);
    await giveUp(deps, id);
  }
}

/** At once, so that the names are free for the corrected file; where that fails the job does it. */
async function giveUp(deps: Deps, id: string): Promise<void> {
  try {
    await deps.db.transaction((run) => giveUpImport(run, id));
    await cleanImports(deps);
  } catch {
    deps.log.warn("what an import has left is not removed yet", { import: id });
  }
}

/** Removes what imports that never came to their end have left. */
export async function cleanImports(deps: Deps): Promise<void> {
  // one process has an embedded database to itself, so whatever is not under way here is dead
  const before = deps.db.kind === "sqlite" ? Number.MAX_SAFE_INTEGER : (await deps.db.now()) - silenceMs;
  const dead = await takeDeadImports(deps.db, { before, living: [...living] });
  if (dead.length > 0) await removeImports(deps.db, dead);
}

export async function* hashed(file: AsyncIterable<Uint8Array>, digest: { update(bytes: Uint8Array): unknown }) {
  for await (const chunk of file) {
    digest.update(chunk);
    yield chunk;
  }
}

export const givenUp = () =>
  new AppError("conflict", "the import stood still for so long that it was given up; start it again");

/** Says how far it is, once a second at most. */
export type Report = (waiting?: string) => void;

export function reporter(
  deps: Deps,
  progress: (line: string) => void,
  counts: { accepted: number; refused: number },
): Report {
  let last = deps.clock.now();
  return (waiting) => {
    const now = deps.clock.now();
    if (now - last < 1000) return;
    last = now;
    const { accepted, refused } = counts;
    progress(`${accepted + refused} rows read, ${refused} refused${waiting ? `; ${waiting}` : ""}`);
  };
}
