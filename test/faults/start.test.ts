// F-45, F-62 and their like: what an administrator has to mend before a start is told in one sentence, with exit code 1, and
// nothing is changed meanwhile.
import { randomBytes } from "node:crypto";
import { chmodSync, cpSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { tempFolder, waitUntil } from "../support/process.ts";
import { makeNode, makeTemplate, type Node } from "./node.ts";

let template: string;
let node: Node;
beforeAll(async () => {
  template = await makeTemplate(3);
});
beforeEach(async () => {
  const data = join(tempFolder("start"), "data");
  cpSync(template, data, { recursive: true });
  node = await makeNode({ data });
});
afterAll(() => node.kill());

/** What a start that must be refused says. */
async function refusal(by = node): Promise<string> {
  const child = by.spawn();
  expect(await child.exited).toEqual({ code: 1, signal: null });
  expect(child.stdout()).toBe("");
  return child.output();
}
/** One line of words, with no stack behind it. */
const oneSentence = (text: RegExp) => expect.stringMatching(new RegExp(`^(?=[A-Z])[^\\n]*${text.source}[^\\n]*\\n$`));

test("a second process on one data folder", async () => {
  await node.start();
  const second = await makeNode({ data: node.data });
  expect(await refusal(second)).toEqual(oneSentence(/Another countersign process uses the data folder/));
  // the first one does not notice, its command socket least of all
  expect(await node.ready()).toBe(true);
  expect((await node.ask<{ people: unknown[] }>(["user", "list"])).people).toHaveLength(3);
  await node.kill();
  await second.start();
  await second.kill();
});

test("what a server has compiled is kept while it runs, so that the next start is quick though it is killed", async () => {
  const cache = tempFolder("compiled");
  node.env["NODE_COMPILE_CACHE"] = cache;
  await node.start();
  // its own modules and what they use
  await expect.poll(() => readdirSync(cache, { recursive: true }).length).toBeGreaterThan(300);
  await node.kill();
});

test("a data folder that cannot be written, which is no other process's doing", async () => {
  rmSync(join(node.data, "lock.db"), { force: true });
  symlinkSync("/dev/full/lock.db", join(node.data, "lock.db"));
  expect(await refusal()).toEqual(oneSentence(/data folder .* cannot be used/));
});

test("a port that is taken, by TCP or UDP", async () => {
  const port = Number(new URL(node.url).port);
  const server = createServer().listen(port, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  expect(await refusal()).toEqual(oneSentence(new RegExp(`${port}.* taken`)));
  await new Promise((resolve) => server.close(resolve));

  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(node.radiusPort, "127.0.0.1", resolve));
  expect(await refusal()).toEqual(oneSentence(new RegExp(`${node.radiusPort}.* taken`)));
  socket.close();
  await node.start();
  await node.kill();
});

test("a master key that is missing, another one, too short or open to others", async () => {
  const file = join(node.data, "master.key");
  const right = readFileSync(file);
  const sealed = () => readFileSync(join(node.data, "countersign.db"));
  const before = sealed();
  const put = (key: Buffer, mode = 0o400) => {
    rmSync(file, { force: true });
    writeFileSync(file, key);
    chmodSync(file, mode);
  };
  rmSync(file);
  expect(await refusal()).toEqual(oneSentence(/master key .* is missing/));
  expect(() => readFileSync(file)).toThrow("ENOENT");
  put(randomBytes(32));
  expect(await refusal()).toEqual(oneSentence(/not the key the database was made with/));
  put(right.subarray(1));
  expect(await refusal()).toEqual(oneSentence(/does not hold 32/));
  put(right, 0o444);
  expect(await refusal()).toEqual(oneSentence(/can be read by others/));
  expect(sealed().equals(before), "nothing was sealed anew").toBe(true);
  put(right);
  await node.start();
  await node.kill();
});

test("the folder of an evaluation, whose people have a password that was printed", async () => {
  writeFileSync(join(node.data, "evaluation.json"), "{}");
  expect(await refusal()).toEqual(oneSentence(/holds an evaluation/));
});

test("an evaluation where people are real: their codes and mail would be pages that anybody may open", async () => {
  const mistaken = await makeNode({ data: node.data, evaluation: true });
  expect(await refusal(mistaken)).toEqual(oneSentence(/holds people who are no evaluation's/));
  expect((await node.ask<{ people: unknown[] }>(["user", "list"])).people).toHaveLength(3);
});

test("an evaluation whose making was cut short is made again, and is no place for people who are real meanwhile", async () => {
  const data = join(tempFolder("start"), "data");
  const first = await makeNode({ data, evaluation: true });
  await first.start();
  await first.kill();
  // as it is after the last of the sample people and before their password is kept
  writeFileSync(join(data, "evaluation.json"), "");
  expect(await refusal(await makeNode({ data }))).toEqual(oneSentence(/holds an evaluation/));
  await first.start();
  expect(first.child().output()).toContain(
    (JSON.parse(readFileSync(join(data, "evaluation.json"), "utf8")) as { password: string }).password,
  );
  await first.kill();
  expect((await first.ask<{ people: unknown[] }>(["user", "list"])).people).toHaveLength(5);
});

test("a server's files are its own in a folder that others look into too, its log is JSON, and it stops as a whole", async () => {
  const data = tempFolder("open");
  chmodSync(data, 0o755);
  const open = await makeNode({ data });
  await open.start();
  // loads what it needs for OpenID Connect
  await fetch(`${open.url}/.well-known/openid-configuration`);
  const readable = readdirSync(data).filter((file) => (statSync(join(data, file)).mode & 0o077) !== 0);
  const child = open.child();
  // npm passes a terminal's Ctrl-C on to who has it already; what had to be done is done before the second one counts
  child.signal("SIGINT");
  await sleep(1);
  child.signal("SIGINT");
  await child.exited;
  expect(readdirSync(data)).not.toContain("countersign.db-wal");
  expect(readable).toEqual([]);
  const lines = child.output().trim().split("\n");
  expect(lines.filter((line) => !line.startsWith('{"level":'))).toEqual([]);
});

test("a server whose log nobody takes goes on, and stops when it is told to", async () => {
  const child = node.spawn(["sh", "-c", 'exec "$@" > /dev/full', "sh"]);
  await waitUntil("the server to be ready", () => node.ready());
  // one that the first line has ended still listens
  for (let tries = 0; tries < 3; tries++) expect(await node.ready()).toBe(true);
  expect(await child.stop()).toEqual({ code: 0, signal: null });
  expect(child.output()).toBe("");
});

test("a database that a newer, breaking version has changed", async () => {
  const database = new DatabaseSync(join(node.data, "countersign.db"));
  database.exec(
    "insert into migration (name, number, hash, breaking, applied_at) values ('9999-newer.sql', 9999, '', 1, 1)",
  );
  database.close();
  expect(await refusal()).toEqual(oneSentence(/changed by a newer version/));
});

test("a database that cannot be reached", async () => {
  const nowhere = await makeNode({ databaseUrl: "postgres://countersign@127.0.0.1:1/none" });
  expect(await refusal(nowhere)).toEqual(oneSentence(/database cannot be reached/));
});

test("a configuration with several mistakes, all told at once", async () => {
  const env = { ...node.env, COUNTERSIGN_HTTP: "nowhere", COUNTERSIGN_ROLE: "king" };
  Object.assign(node.env, env);
  const said = await refusal();
  expect(said).toContain("http:");
  expect(said).toContain("role:");
});
