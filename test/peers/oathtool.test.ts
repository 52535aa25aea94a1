// ten thousand codes, compared with another implementation's.
import { randomBytes, randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { hotp } from "#core/crypto/hotp.ts";
import { installed } from "./support/installed.ts";
import { runOk } from "../support/process.ts";

const algorithms = ["sha1", "sha256", "sha512"] as const;
const sizes = [6, 7, 8] as const;
const kinds = algorithms.flatMap((algorithm) => sizes.map((digits) => ({ algorithm, digits })));
/** Codes a call: one for its moment, and those of the steps after it. */
const perCall = 40;
const callsPerKind = 28;

test.runIf(installed("oathtool"))("10,080 codes of random seeds and times are oathtool's", async () => {
  for (const { algorithm, digits } of kinds) {
    const calls = Array.from({ length: callsPerKind }, async () => {
      const secret = randomBytes(randomInt(16, 129));
      // up to the year 3000, so that counters and seconds pass 32 bits
      const seconds = randomInt(32_503_680_000);
      const mode = [`--totp=${algorithm}`, `--digits=${digits}`, `--window=${perCall - 1}`, `--now=@${seconds}`];
      const printed = await runOk("oathtool", [...mode, secret.toString("hex")]);
      const first = Math.floor(seconds / 30);
      const ours = Array.from({ length: perCall }, (_, index) => hotp(secret, first + index, { digits, algorithm }));
      expect(printed.trim().split("\n")).toEqual(ours);
    });
    await Promise.all(calls);
  }
});

test.runIf(installed("oathtool"))("codes by counter are oathtool's too", async () => {
  for (let call = 0; call < 20; call++) {
    const [secret, counter] = [randomBytes(20), randomInt(2 ** 40)];
    const mode = ["--hotp", `--counter=${counter}`, "--digits=8", `--window=${perCall - 1}`];
    const printed = await runOk("oathtool", [...mode, secret.toString("hex")]);
    const ours = Array.from({ length: perCall }, (_, index) =>
      hotp(secret, counter + index, { digits: 8, algorithm: "sha1" }),
    );
    expect(printed.trim().split("\n")).toEqual(ours);
  }
});
