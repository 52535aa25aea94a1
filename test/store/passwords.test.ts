// a password that was hashed with older parameters is hashed anew when it is given.
import { argon2Sync } from "node:crypto";
import { afterEach, expect, test, describe } from "vitest";
import { checkPassword, newPasswordHash } from "#actions/passwords.ts";
import { findPerson, readPasswordState } from "#store/people.ts";
import { kinds, world, type World } from "../support/world.ts";

const password = "correct horse battery";
const today = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;

describe.each(kinds)("a password, on %s,", (kind) => {
  let w: World;
  afterEach(() => w.close());
  const base64 = (bytes: Buffer) => bytes.toString("base64").replaceAll("=", "");
  const older = () => {
    const nonce = w.deps.random.bytes(16);
    const parameters = { message: w.deps.keys.mac("pepper", password), nonce, tagLength: 32 };
    const tag = argon2Sync("argon2id", { ...parameters, memory: 8192, passes: 1, parallelism: 1 });
    return `$argon2id$v=19$m=8192,t=1,p=1$${base64(nonce)}$${base64(tag)}`;
  };
  const give = async (given: string, passwordHash: string) => {
    const person = { ...(await findPerson(w.deps.db, "ada"))!, passwordHash } as never;
    return await checkPassword(w.deps, { person, username: "ada", password: given, source: "192.0.2.1" });
  };

  test("of older parameters is right, and stored with today's afterwards; a wrong one changes nothing", async () => {
    w = await world({ kind });
    const old = older();
    const { id } = await w.person({ username: "ada", passwordHash: old });
    const hash = async () => (await readPasswordState(w.deps.db, id)).hash!;
    expect(await give("a guess", old)).toBe("wrong");
    expect(await hash()).toBe(old);
    expect(await give(password, old)).toBe("right");
    await expect.poll(hash).toMatch(today);
    const renewed = await hash();
    expect(await give(password, renewed)).toBe("right");
    expect(await hash()).toBe(renewed);
  });

  test("that was changed meanwhile stays as it was changed", async () => {
    w = await world({ kind });
    const old = older();
    const changed = await newPasswordHash(w.deps, "another password");
    const { id } = await w.person({ username: "ada", passwordHash: changed });
    // whoever signed in had read the old one
    expect(await give(password, old)).toBe("right");
    // stands in the pool behind the new hash
    await newPasswordHash(w.deps, "one more");
    await newPasswordHash(w.deps, "and one");
    expect((await readPasswordState(w.deps.db, id)).hash).toBe(changed);
  });
});
