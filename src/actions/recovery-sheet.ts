import { base32 } from "#core/crypto/base32.ts";
import { inGroups } from "#core/methods/one-time.ts";
import { recoveryCodes, recoveryLength, recoverySecret } from "#core/methods/recovery.ts";
import { insertFactors, replaceFactors, type NewFactorRow } from "#store/factors.ts";
import type { Run } from "#store/open.ts";
import type { Deps } from "./deps.ts";

/** A sheet of recovery codes: its codes for the page that shows them once, and the row that keeps only their hashes. */
export function newSheet(deps: Deps, userId: string): { codes: string[]; row: NewFactorRow } {
  const codes = Array.from({ length: recoveryCodes }, () => base32(deps.random.bytes(9)).slice(0, recoveryLength));
  const id = deps.random.id("fac_");
  const where = { table: "factor", column: "sealed_secret", row: id };
  const row = {
    id,
    user_id: userId,
    method: "recovery",
    name: null,
    sealed_secret: deps.keys.seal("factor", recoverySecret(codes), where),
    parameters: "",
    address: null,
    import_id: null,
    created_at: deps.clock.now(),
  };
  return { codes: codes.map((code) => inGroups(code, 5)), row };
}

/** One sheet a person, the newest. */
export async function saveSheet(run: Run, row: NewFactorRow): Promise<void> {
  await replaceFactors(run, { userId: row.user_id, method: row.method });
  await insertFactors(run, [row]);
}
