// Most tests of the edges hash or check a few passwords, each at 20 to 40 ms of a processor and 19 MiB: a quarter of what they
// cost. Here it is the same function over the least memory. What times an answer takes this off: vi.unmock("node:crypto").
import { vi } from "vitest";

vi.mock("node:crypto", async (original) => {
  const crypto = await original<typeof import("node:crypto")>();
  const argon2: typeof crypto.argon2 = (algorithm, parameters, callback) =>
    crypto.argon2(algorithm, { ...parameters, memory: 8 * parameters.parallelism, passes: 1 }, callback);
  return { ...crypto, argon2 };
});
