// ten thousand codes by time and as many by counter, compared with another implementation's.
import { randomBytes, randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { hotp } from "#core/crypto/hotp.ts";
import { installed } from "./support/installed.ts";
import { runOk } from "../support/process.ts";

const algorithms = ["sha1", "sha256", "sha512"] as const;
const sizes = [6, 7, 8] as const;
/** Codes a call: one for its moment, and those of the steps after it. */
const perCall = 120;

type Kind = { mode: string[]; algorithm: (typeof algorithms)[number]; digits: (typeof sizes)[number] };

/** What oathtool prints and what we make; `first` is the counter of the first code. */
async function both({ mode, algorithm, digits }: Kind, first: number): Promise<{ theirs: string[]; ours: string[] }> {
  const secret = randomBytes(randomInt(16, 129));
  const args = [...mode, `--digits=${digits}`, `--window=${perCall - 1}`, secret.toString("hex")];
  const ours = Array.from({ length: perCall }, (_, index) => hotp(secret, first + index, { digits, algorithm }));
  return { theirs: (await runOk("oathtool", args)).trim().split("\n"), ours };
}

test.runIf(installed("oathtool"))("10,800 codes of random seeds, intervals and times are oathtool's", async () => {
  for (const algorithm of algorithms)
    for (const digits of sizes)
      for (const period of [30, 60]) {
        const calls = Array.from({ length: 5 }, async () => {
          // up to the year 3000, so that counters and seconds pass 32 bits
          const seconds = randomInt(32_503_680_000);
          const mode = [`--totp=${algorithm}`, `--time-step-size=${period}s`, `--now=@${seconds}`];
          return await both({ mode, algorithm, digits }, Math.floor(seconds / period));
        });
        for (const { theirs, ours } of await Promise.all(calls)) expect(theirs).toEqual(ours);
      }
});

test.runIf(installed("oathtool"))("10,800 codes of random seeds and counters are oathtool's", async () => {
  for (const digits of sizes)
    for (let round = 0; round < 6; round++) {
      const calls = Array.from({ length: 5 }, async () => {
        const counter = randomInt(2 ** 40);
        return await both({ mode: ["--hotp", `--counter=${counter}`], algorithm: "sha1", digits }, counter);
      });
      for (const { theirs, ours } of await Promise.all(calls)) expect(theirs).toEqual(ours);
    }
});
