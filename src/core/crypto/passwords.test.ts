import { describe, expect, test } from "vitest";
import { decoyHash, hashPassword, matchesPassword } from "./passwords.ts";

const password = Buffer.from("peppered");
const salt = Buffer.alloc(16, 3);

describe("a password's hash (R-245)", () => {
  test("is a PHC string of Argon2id with its parameters, and matches its password alone", async () => {
    const stored = await hashPassword(password, salt);
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await matchesPassword(password, stored)).toBe(true);
    expect(await matchesPassword(Buffer.from("peppered "), stored)).toBe(false);
  });

  test("differs by its salt", async () => {
    expect(await hashPassword(password, salt)).not.toBe(await hashPassword(password, Buffer.alloc(16, 4)));
  });

  // The reference implementation's own: echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 4 -l 24
  test("made elsewhere with other parameters still matches", async () => {
    const reference = "$argon2id$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$GpZ3sK/oH9p7VIiV56G/64Zo/8GaUw434IimaPqxwCo";
    expect(await matchesPassword(Buffer.from("password"), reference)).toBe(true);
    expect(await matchesPassword(Buffer.from("Password"), reference)).toBe(false);
  });

  test.each([
    "",
    "peppered",
    "$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$AAAA",
    "$argon2id$v=16$m=19456,t=2,p=1$c29tZXNhbHQ$AAAA",
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ",
    "$2b$12$abcdefghijklmnopqrstuv",
  ])("that does not read (%j) matches nothing", async (stored) => {
    expect(await matchesPassword(password, stored)).toBe(false);
  });

  test("cut short matches nothing: it is not filled up", async () => {
    const stored = await hashPassword(password, salt);
    expect(await matchesPassword(password, stored.slice(0, -4))).toBe(false);
  });

  test("of nobody costs what a person's costs, and never matches (R-076)", async () => {
    expect(decoyHash.split("$").slice(0, 4)).toEqual((await hashPassword(password, salt)).split("$").slice(0, 4));
    expect(await matchesPassword(password, decoyHash)).toBe(false);
    expect(await matchesPassword(Buffer.alloc(0), decoyHash)).toBe(false);
  });
});
