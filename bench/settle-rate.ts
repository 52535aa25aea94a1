// TO BE WIRED: the engine alone, in this process, on PostgreSQL. No socket and no protocol, so that what is compared with
// pgbench is what the database does for a verification.

/** Verifications settled per second: `begin` of actions/verify.ts with a valid code, `inFlight` at a time, for `seconds`,
 * on a fresh database at `url`. Each verification is of a person who has had none before, and each must be allowed. */
export function settleRate(_url: string, _inFlight: number, _seconds: number): Promise<number> {
  return Promise.reject(new Error("settle-postgres is not wired to the engine yet (bench/settle-rate.ts)"));
}
