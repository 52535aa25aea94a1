/**
 * A whole system on a database of its own, with a clock to move, an outbox to read and chance that repeats. The only mock
 * there is: everything between an edge and the database is the real thing.
 */

import { randomBytes } from "node:crypto";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { hotp } from "#core/crypto/hotp.ts";
import { pinMac } from "#actions/rules.ts";
import { defaultSettings, type Settings } from "#core/settings/index.ts";
import { openLdap } from "#directory/ldap.ts";
import type { Deps, Mail, Text } from "#actions/deps.ts";
import { secretsPlace } from "#actions/gateways-open.ts";
import { Undelivered, type Ask } from "#delivery/gateway.ts";
import { simulatorUrl, type SimulatedText } from "#delivery/sms/simulator.ts";
import { saveGateway } from "#store/gateways.ts";
import type { Db } from "#store/open.ts";
import { openPostgres } from "#store/postgres.ts";
import { openSqlite } from "#store/sqlite.ts";
import { startStore } from "#store/index.ts";
import { migrate } from "#store/migrate.ts";
import { createDatabase, runSql } from "./postgres.ts";
import { memoryFolder, remove } from "./process.ts";
import { sharedPostgres, template } from "./shared-postgres.ts";

export type Kind = "sqlite" | "postgres";
export const kinds: Kind[] = ["sqlite", "postgres"];

async function freshDatabase(
  kind: Kind,
  onDeaf: () => void,
): Promise<{ open: () => Promise<Db>; remove: () => Promise<void> }> {
  if (kind === "sqlite") {
    const folder = memoryFolder("world");
    const file = join(folder, "countersign.db");
    copyFileSync(await (sqliteTemplate ??= makeSqliteTemplate()), file);
    return { open: () => openSqlite(file), remove: async () => remove(folder) };
  }
  const server = sharedPostgres();
  const name = `world_${randomBytes(6).toString("hex")}`;
  await createDatabase(server, name, { template });
  return {
    open: () => openPostgres(new URL(`/${name}`, server).href, { onError: () => undefined, onDeaf }),
    remove: () => runSql(server, `drop database ${name} with (force)`),
  };
}

/** Every table, made once for the tests of a process: a copy takes a tenth of the time. */
let sqliteTemplate: Promise<string> | undefined;

async function makeSqliteTemplate(): Promise<string> {
  const file = join(memoryFolder("template"), "countersign.db");
  const db = await openSqlite(file);
  await migrate(db, 0);
  await db.close();
  return file;
}

export type World = Awaited<ReturnType<typeof world>>;

type Options = {
  kind?: Kind;
  settings?: Partial<Settings>;
  /** waits end at once */
  hasty?: boolean;
};

export async function world({ kind = "sqlite", settings = {}, hasty = false }: Options = {}) {
  const master = Buffer.alloc(32, 7);
  const clock = { at: 1_800_000_000_000, now: () => clock.at };
  const sent: (Text | Mail)[] = [];
  const placed: Carried["placed"] = [];
  const logged: { message: string; fields: unknown }[] = [];
  const closing: (() => Promise<void>)[] = [];
  const database = await freshDatabase(kind, () => void logged.push({ message: "others are not heard", fields: {} }));
  let values: Settings = { ...defaultSettings, ...settings };

  /** Another server on the same database: a node of the group, or this one after a restart. */
  async function node(id = "node_a"): Promise<Deps> {
    // the database's clock is the world's; a test gives a node another one
    const db = { ...(await database.open()), now: async () => clock.at };
    const salt = () => randomBytes(16);
    const here = { id, name: id, address: "127.0.0.1", publicUrl: "https://mfa.example.org" };
    const { store, keys } = await startStore(db, { node: here, master: () => master, now: clock.at, salt });
    closing.push(() => store.close());
    const log = (message: string, fields?: unknown) => void logged.push({ message, fields });
    return {
      db: store,
      keys,
      clock: { now: clock.now, ...sleeping(hasty ? async () => undefined : realSleep) },
      random: {
        id: (prefix) => prefix + randomBytes(16).toString("base64url"),
        int: (below) => randomBytes(4).readUInt32BE() % below,
        bytes: (length) => randomBytes(length),
      },
      net: async (request) => take({ sent, placed }, request),
      send: async (mail) => void sent.push(mail),
      directories: openLdap(clock),
      settings: { values: () => values, version: () => 1, reload: async () => undefined },
      log: { debug: log, info: log, warn: log, error: log },
    };
  }

  const deps = await node();
  for (const channel of ["sms", "voice"] as const) await addSimulator(deps, channel);
  return {
    deps,
    node,
    clock,
    sent,
    placed,
    logged,
    set: (changes: Partial<Settings>) => (values = { ...values, ...changes }),
    person: (person: NewPerson) => addPerson(deps, person, clock.at),
    /** What the person's app shows now, or some steps from now. */
    code: (person: { secret: Buffer }, steps = 0) =>
      hotp(person.secret, Math.floor(clock.at / 30_000) + steps, { digits: 6, algorithm: "sha1" }),
    /** The newest text's code. */
    texted: () => /\d{6}/.exec(sent.at(-1)?.text ?? "")?.[0] ?? "",
    close: async () => {
      for (const close of closing) await close();
      await database.remove();
    },
  };
}

/** The simulated carrier: every other address is one where nobody answers. */
function take(carried: Carried, { url, body = "" }: Parameters<Ask>[0]): Awaited<ReturnType<Ask>> {
  if (!url.startsWith(`${simulatorUrl}/`)) throw new Undelivered("nobody is there", { sure: true });
  const { id, to, text, from, reportUrl } = JSON.parse(body) as SimulatedText;
  if (url.endsWith("/texts")) carried.sent.push({ id, channel: "sms", to, text });
  else carried.placed.push({ id, to, from, reportUrl });
  return { status: 200, body: "{}" };
}
type Carried = { sent: (Text | Mail)[]; placed: { id: string; to: string; from: string; reportUrl: string }[] };

async function addSimulator(deps: Deps, channel: "sms" | "voice"): Promise<void> {
  const id = deps.random.id("gtw_");
  const name = { sms: "simulated-texts", voice: "simulated-calls" }[channel];
  const about = { name, vendor: "simulator", sender: { sms: "Countersign", voice: "+46846500499" }[channel] };
  const none = { options: "{}", prefixes: [], senders: {}, place: 100, enabled: true };
  const sealedSecrets = deps.keys.seal("gateway", Buffer.from("{}"), secretsPlace(id));
  const row = { id, channel, ...about, ...none, sealedSecrets };
  await deps.db.transaction((run) => saveGateway(run, row, deps.clock.now()));
}

type NewPerson = {
  username: string;
  totp?: boolean;
  phone?: string;
  /** a number for calls, or for two-way texts */
  voice?: string;
  reply?: string;
  pin?: string;
  passwordHash?: string;
  state?: string;
  tokens?: number;
};

async function addPerson(deps: Deps, input: NewPerson, now: number) {
  const { username, totp = true, phone, passwordHash, state = "enabled", tokens = 1 } = input;
  const id = deps.random.id("usr_");
  const row = { name_key: username.toLowerCase(), username, state, groups: "[]", created_at: now };
  await deps.db.q
    .insertInto("person")
    .values({ id, ...row, ...(passwordHash !== undefined && { password_hash: passwordHash }) } as never)
    .execute();
  const secrets = Array.from({ length: totp ? tokens : 0 }, () => randomBytes(20));
  for (const [index, secret] of secrets.entries()) {
    const factor = deps.random.id("fac_");
    const place = { table: "factor", column: "sealed_secret", row: factor };
    const sealed = deps.keys.seal("factor", secret, place);
    const values = {
      id: factor,
      user_id: id,
      method: "totp",
      state: "active",
      sealed_secret: sealed,
      created_at: now + index,
    };
    await deps.db.q
      .insertInto("factor")
      .values(values as never)
      .execute();
  }
  const numbers = { sms: phone, voice: input.voice, "sms-reply": input.reply };
  for (const [method, address] of Object.entries(numbers)) {
    if (address === undefined) continue;
    const values = { id: deps.random.id("fac_"), user_id: id, method, state: "active", address, created_at: now + 100 };
    await deps.db.q
      .insertInto("factor")
      .values(values as never)
      .execute();
  }
  if (input.pin !== undefined)
    await deps.db.q
      .updateTable("person")
      .set({ pin_mac: pinMac(deps, id, input.pin), pin_changed_at: now })
      .where("id", "=", id)
      .execute();
  return { id, username, secret: secrets[0] ?? Buffer.alloc(20), secrets };
}

type Sleep = Deps["clock"]["sleep"];
/** The two of a clock that take their time, as much as this one sleeps. */
export const sleeping = (sleep: Sleep): Pick<Deps["clock"], "sleep" | "after"> => ({
  sleep,
  after: (ms, run) => {
    const off = new AbortController();
    void sleep(ms, off.signal).then(() => off.signal.aborted || run());
    return () => off.abort();
  },
});
const realSleep: Sleep = async (ms, signal) => await delay(ms, undefined, { signal }).catch(() => undefined);
