// sign-ins with marked secrets at the most talkative log level; afterwards none of them is anywhere in the clear: not in
// the data folder with its write-ahead log, not in what the process said, not in what the system shows of the process.
import { createHmac, hkdfSync } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { totp, currentStep, seedBase32, userName } from "../../bench/people.ts";
import { base32 as base32Of, csvParts, pskcParts, tokenSeed, transportKey } from "../../bench/token-files.ts";
import { encodeAccessRequest, readPacket } from "../peers/support/radius-packets.ts";
import { tempFolder } from "../support/process.ts";
import { figure } from "../support/pskc.ts";
import { openGateway } from "./gateway.ts";
import { addVpn, makeNode, type Node, vpn } from "./node.ts";
import { addApiKey, makeCaller } from "./rest.ts";

const password = "canary-password-7f3a9";
const passphrase = "canary-passphrase-51d0e";
const wrongPassword = "canary-wrong-password-2c81";
const tokens = 6;
/** What the import of tokens answered: it is shown, and kept in files. */
let reports = "";
let node: Node;
let temporary = "";
let apiSecret = "";
const codes: string[] = [];
beforeAll(async () => {
  node = await makeNode({ logLevel: "debug" });
  temporary = tempFolder("secrets");
  node.env["TMPDIR"] = temporary;
  const rows = Array.from({ length: 8 }, (_, user) => `${userName(user)},${seedBase32(user)},${password}${user}`);
  await node.ask(["user", "import", "-"], `username,oath_secret_base32,password\n${rows.join("\n")}\n`);
  await addVpn(node, ["--first-factor", "local", "--mode", "append"]);
  await node.start();
});
afterAll(() => node.kill());

/** What must be found nowhere, each by the name it goes by in a failure. */
function canaries(): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  const add = (name: string, text: string) => void found.set(name, Buffer.from(text));
  const forms = (name: string, bytes: Buffer) => {
    found.set(`${name} as it is`, bytes);
    add(`${name} in hex`, bytes.toString("hex"));
    add(`${name} in capital hex`, bytes.toString("hex").toUpperCase());
    add(`${name} in Base32`, base32Of(bytes));
    add(`${name} in small Base32`, base32Of(bytes).toLowerCase());
    add(`${name} in base64`, bytes.toString("base64").replace(/=+$/, ""));
    add(`${name} in base64url`, bytes.toString("base64url"));
  };
  for (let user = 0; user < 8; user++) {
    forms(`seed ${user}`, seedOf(user));
  }
  for (let token = 0; token < tokens; token++) {
    forms(`token seed ${token}`, tokenSeed(token));
  }
  forms("the transport key", transportKey);
  forms("a passphrase", Buffer.from(passphrase));
  forms("a password", Buffer.from(password));
  forms("a wrong password", Buffer.from(wrongPassword));
  forms("the shared secret", Buffer.from(vpn.secret));
  forms("the API secret", Buffer.from(apiSecret));
  const key = readFileSync(join(node.data, "master.key"));
  forms("the master key", key);
  forms("the verdict key", Buffer.from(hkdfSync("sha256", apiSecret, "", "countersign verdict", 32)));
  return found;
}

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
function seedOf(user: number): Buffer {
  const bits = Array.from(seedBase32(user), (sign) => base32.indexOf(sign).toString(2).padStart(5, "0")).join("");
  return Buffer.from(bits.match(/.{8}/g)!.map((octet) => parseInt(octet, 2)));
}

/** Six digits are in every time of day: a code counts where no digit stands beside it. */
const holdsCode = (bytes: Buffer, code: string) => new RegExp(`(?<!\\d)${code}(?!\\d)`).test(bytes.toString("latin1"));

function places(): Map<string, Buffer> {
  const pid = node.child().pid;
  const found = new Map<string, Buffer>([
    ["what the server said", Buffer.from(node.child().output())],
    ["its command line", readFileSync(`/proc/${pid}/cmdline`)],
    ["what an import answered", Buffer.from(reports)],
    ["its environment", readFileSync(`/proc/${pid}/environ`)],
  ]);
  for (const folder of [node.data, temporary])
    for (const name of readdirSync(folder, { recursive: true, withFileTypes: true }))
      if (name.isFile() && name.name !== "master.key")
        found.set(name.name, readFileSync(join(name.parentPath, name.name)));
  return found;
}

function alter(text: string): void {
  const database = new DatabaseSync(join(node.data, "countersign.db"), { timeout: 5000 });
  database.exec(text);
  database.close();
}

async function signInEveryWay(): Promise<void> {
  const gateway = await openGateway([node.radiusPort]);
  const step = currentStep();
  const code = (user: number, of = step) => {
    codes.push(totp(user, of));
    return totp(user, of);
  };
  const radius = async (user: number, given: string) => {
    const login = gateway.send(gateway.prepare({ user, step, password: given }));
    await login.done;
    return login.verdict;
  };
  expect(await radius(0, `${password}0,${code(0)}`)).toBe("accept");
  expect(await radius(0, `${password}0,${code(0)}`)).toBe("reject");
  expect(await radius(1, `${wrongPassword},${code(1)}`)).toBe("reject");
  expect(await radius(1, `${password}1,${code(2)}`)).toBe("reject");
  expect(await radius(99, `${password}9,123456`)).toBe("reject");
  // with another shared secret, so that what is read is noise
  const foreign = encodeAccessRequest(Buffer.from("another secret"), {
    identifier: 200,
    userName: userName(3),
    password: `${password}3,${code(3)}`,
  });
  expect(await gateway.repeat({ packet: foreign, socket: 0 }, { waitMs: 500 })).toBe(undefined);
  // and cut short, so that what is decoded is broken
  const { bytes } = readPacket(foreign);
  expect(await gateway.repeat({ packet: bytes.subarray(0, 40), socket: 1 }, { waitMs: 500 })).toBe(undefined);
  // and where the database refuses, whose words are logged
  alter("create trigger log_is_broken before insert on log begin select raise(abort, 'the disk is full'); end");
  expect(await radius(3, `${password}3,${code(3)}`)).toBe(undefined);
  alter("drop trigger log_is_broken");
  gateway.close();

  const key = await addApiKey(node, ["--first-factor", "local"]);
  apiSecret = key.secret;
  const caller = await makeCaller(key);
  const ask = async (body: object, path?: string) =>
    await (
      await caller.sign(path === undefined ? { body } : { body, path })
    )(node.url);
  const username = userName(4);
  expect((await ask({ username, password: `${password}4`, code: code(4) })).status).toBe(200);
  const begun = await ask({ username: userName(5), password: `${password}5` });
  expect(begun.status).toBe(202);
  const path = `/api/v1/verifications/${String(begun.body["id"])}/answers`;
  expect((await ask({ username: userName(5), response: code(6) }, path)).status).toBe(403);
  expect((await ask({ username: userName(5), response: code(5) }, path)).status).toBe(200);
  expect((await ask({ username, password: wrongPassword, code: code(4, step + 1) })).status).toBe(403);
  // fields that the schema does not know hold secrets too
  expect((await ask({ username, passwort: `${password}4`, code: code(4) })).status).toBe(400);
}

/** Encrypted, in the clear, with a wrong key, with a wrong row, and where the database refuses. */
async function importTokens(): Promise<void> {
  const keyHex = transportKey.toString("hex");
  const pskc = [...pskcParts(tokens)].join("");
  const [header, ...rows] = [...csvParts(tokens)];
  const messy = `${header}${rows.map((row) => row.replace(",30,", ",45,")).join("")}${tokenSeed(0).toString("hex")},x\n`;
  const tell = async (input: object, file: string) =>
    (reports += JSON.stringify(await node.tell("token import", input, file).catch(String)));
  await tell({ keyHex: keyHex.replace("0", "1") }, pskc);
  await tell({ passphrase }, figure(7));
  await tell({ errors: true, goodRowsOnly: true }, messy);
  alter("create trigger token_is_broken before insert on token begin select raise(abort, 'the disk is full'); end");
  await tell({ keyHex }, pskc);
  alter("drop trigger token_is_broken");
  await tell({ keyHex }, pskc);
  expect(reports).toContain('"accepted":6');
  await tell({ errors: true }, [header, ...rows].join(""));
  expect(reports).toContain("is imported already");
}

test("no secret is in the data folder, the log, the command line or the environment", async () => {
  await signInEveryWay();
  await importTokens();
  await node.tell("user set-password", { username: userName(7), password: `${password}-new` });
  await node.tell("method add-app", { username: userName(7), secret: seedBase32(7), name: "second" });
  await node.tell("settings set", { name: "records.email", text: "true" });
  expect(node.child().output()).toContain('"level":"debug"');
  const where = places();
  expect([...where.keys()]).toEqual(expect.arrayContaining(["countersign.db", "countersign.db-wal"]));
  const hits = [...where].flatMap(([place, bytes]) => [
    ...[...canaries()].filter(([, canary]) => bytes.includes(canary)).map(([name]) => `${name} in ${place}`),
    ...codes.filter((code) => holdsCode(bytes, code)).map((code) => `code ${code} in ${place}`),
  ]);
  expect(hits).toEqual([]);
});

test("the search would find them", () => {
  const [name, canary] = [...canaries()][0]!;
  expect(
    places()
      .set(name, Buffer.concat([Buffer.from("x"), canary]))
      .get(name)
      ?.includes(canary),
  ).toBe(true);
  expect(holdsCode(Buffer.from(`x${codes[0]}y`), codes[0]!)).toBe(true);
  expect(holdsCode(Buffer.from(`1${codes[0]}`), codes[0]!)).toBe(false);
  // the seeds searched for are those that sign in
  const mac = createHmac("sha1", seedOf(0)).update(Buffer.from("0000000000000001", "hex")).digest();
  const number = (mac.readUInt32BE(mac.readUInt8(19) & 15) & 0x7fffffff) % 1_000_000;
  expect(String(number).padStart(6, "0")).toBe(totp(0, 1));
});
