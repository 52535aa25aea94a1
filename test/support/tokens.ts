// A box of hardware tokens on a world: by time (T-…: eight digits, SHA-256, 60 s) and by count (H-…: seven digits, SHA-512), as a
// table brought them, and what each of them shows.
import { base32 } from "#core/crypto/base32.ts";
import { hotp } from "#core/crypto/hotp.ts";
import { importTokens } from "#actions/token-import.ts";
import { activateToken, assignToken } from "#actions/token-life.ts";
import { searchTokens } from "#actions/tokens.ts";
import type { World } from "./world.ts";

const seed = (serial: string) => Buffer.from(serial.padEnd(32, "."));
const byTime = { digits: 8, algorithm: "sha256" } as const;
const byCount = { digits: 7, algorithm: "sha512" } as const;
const header = "serial,secret,type,digits,hash,interval,manufacturer";
const timed = ["T-1", "T-2", "T-3", "T-4", "T-5", "T-6"].map(
  (serial) => `${serial},${base32(seed(serial))},totp,8,SHA256,60,Acme`,
);
const counted = ["H-1", "H-2"].map((serial) => `${serial},${base32(seed(serial))},hotp,7,SHA512,,Acme`);
/** another maker's, with a number that Acme has used too */
const other = `T-1,${base32(seed("other T-1"))},totp,8,SHA256,60,Other`;

export function boxOf({ deps, clock }: World) {
  async function* file() {
    yield Buffer.from([header, ...timed, ...counted, other].join("\n"));
  }
  const shown = {
    /** now, or some intervals from now */
    timed: (serial: string, steps = 0) => hotp(seed(serial), Math.floor(clock.at / 60_000) + steps, byTime),
    counted: (serial: string, counter: number) => hotp(seed(serial), counter, byCount),
  };
  return {
    ...shown,
    takeIn: async () => await importTokens(deps, "cli", { file: file(), progress: () => undefined, options: {} }),
    /** Assigned and activated, a token that counts by the first two of its codes. */
    give: async (serial: string, username: string) => {
      await assignToken(deps, "cli", { serial, username });
      const codes = serial.startsWith("H") ? [0, 1].map((at) => shown.counted(serial, at)) : [shown.timed(serial)];
      await activateToken(deps, "cli", { serial, codes });
    },
    ownersOf: async (serial: string) =>
      (await searchTokens(deps, { serial, limit: 9 })).tokens
        .map(({ manufacturer, state, username }) => `${manufacturer} ${state} ${username ?? "nobody"}`)
        .toSorted(),
  };
}
