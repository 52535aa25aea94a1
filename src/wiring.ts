/** From configuration to a system that works: the data folder's lock, the store, and everything an action may use. */

import { randomBytes, randomInt } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { keepMail } from "#actions/mail.ts";
import { openPhones, type Phones } from "#actions/phones.ts";
import type { Clock, Deps, Logger, Random } from "#actions/deps.ts";
import { liveSettings } from "#actions/live-settings.ts";
import { AppError } from "#core/errors.ts";
import { askVendor } from "#delivery/ask.ts";
import type { Mailer } from "#delivery/email/smtp.ts";
import { simulatorUrl } from "#delivery/sms/simulator.ts";
import type { OpenDirectory } from "#directory/directory.ts";
import { startStore } from "#store/index.ts";
import type { Db } from "#store/open.ts";
import { openPostgres } from "#store/postgres.ts";
import { openSqlite } from "#store/sqlite.ts";
import { ownAddress, type Config } from "./config.ts";

/** `phones`: the evaluation's simulated ones. */
export type System = { deps: Deps; phones: Phones | undefined; close(): Promise<void> };

const clock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => await delay(ms, undefined, { signal }).catch(() => undefined),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Random octets are drawn a page at a time: one call to the system costs as much as a hundred ids. */
function pooledRandom(): Random {
  let page = randomBytes(0);
  let used = 0;
  const bytes = (length: number) => {
    if (used + length > page.length) {
      page = randomBytes(Math.max(8192, length));
      used = 0;
    }
    used += length;
    return page.subarray(used - length, used);
  };
  return {
    bytes,
    int: (below) => randomInt(below),
    id: (prefix) => prefix + orderedId(clock.now(), bytes(10)),
  };
}

/** Ids begin with their time, so that a table's newest rows and index entries lie side by side; 80 bits are chance. */
function orderedId(now: number, chance: Uint8Array): string {
  const id = Buffer.allocUnsafe(16);
  id.writeUIntBE(now, 0, 6);
  id.set(chance, 6);
  return id.toString("base64url");
}

export async function openSystem(
  config: Config,
  { log, simulate }: { log: Logger; simulate: boolean },
): Promise<System> {
  mkdirSync(config.data, { recursive: true, mode: 0o700 });
  const unlock = lock(config.data);
  let db: Db | undefined;
  try {
    db = await openDatabase(config, log);
    const random = pooledRandom();
    const node = {
      id: nodeId(config.data, random),
      name: config["node-name"],
      address: ownAddress(config),
      publicUrl: config["public-url"],
    };
    const master = (mayCreate: boolean) => masterKey(config["key-file"]!, mayCreate);
    const { store, keys } = await startStore(db, {
      node,
      master,
      now: clock.now(),
      salt: () => random.bytes(16),
    });
    const settings = await liveSettings(store, log);
    const mailer = simulate ? undefined : await mailServer(config);
    const deps: Deps = {
      db: store,
      keys,
      clock,
      random,
      settings,
      log,
      directories: directoriesWhenAsked(),
      net: askVendor,
      send: mailing(mailer),
    };
    const phones = simulate ? await openPhones(deps) : undefined;
    if (phones) simulateCarriers(deps, phones);
    return {
      deps,
      phones,
      close: async () => {
        phones?.stop();
        mailer?.close();
        await store.close();
        unlock();
      },
    };
  } catch (error) {
    await db?.close();
    unlock();
    throw error;
  }
}

async function mailServer(config: Config): Promise<Mailer | undefined> {
  const {
    "smtp-host": host,
    "smtp-port": port,
    "smtp-user": user,
    "smtp-password": password,
    "smtp-from": from,
  } = config;
  if (host === undefined || from === undefined) return undefined;
  const { openSmtp } = await import("#delivery/email/smtp.ts");
  return openSmtp({ host, port, user, password, from });
}

const mailing =
  (mailer: Mailer | undefined): Deps["send"] =>
  async (mail) => {
    if (!mailer) throw new AppError("unavailable", "no mail server is set up");
    await mailer.send(mail);
  };

/** The simulated carrier has an address of its own; whoever wants may try a real one beside it. */
function simulateCarriers(deps: Deps, phones: Phones): void {
  const isSimulated = (url: string) => url.startsWith(`${simulatorUrl}/`);
  deps.net = async (asked) => await (isSimulated(asked.url) ? phones.ask(asked) : askVendor(asked));
  deps.send = async (mail) => await keepMail(deps, mail);
}

/** The LDAP client is loaded when a directory is first asked: most servers have none. */
function directoriesWhenAsked(): OpenDirectory {
  let loading: Promise<OpenDirectory> | undefined;
  const load = async () => (await import("#directory/ldap.ts")).openLdap(clock);
  return (settings) => {
    const open = async () => (await (loading ??= load()))(settings);
    return {
      check: async (asked) => await (await open()).check(asked),
      test: async (name) => await (await open()).test(name),
    };
  };
}

async function openDatabase(config: Config, log: Logger): Promise<Db> {
  const url = config["database-url"];
  if (url === undefined) return await openSqlite(join(config.data, "countersign.db"));
  return await openPostgres(url, {
    onError: () => log.warn("a database connection was lost"),
    onDeaf: () => log.warn("what other nodes do is not heard (LISTEN); whoever waits looks once a second meanwhile"),
  });
}

/** SQLITE_BUSY */
const busy = 5;

/** One process a data folder. SQLite's own exclusive lock ends with the process, however it ends. */
function lock(data: string): () => void {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(data, "lock.db"), { timeout: 0 });
    database.exec("begin exclusive");
    return () => database!.close();
  } catch (error) {
    database?.close();
    const { errcode, message } = error as { errcode?: number; message: string };
    const why =
      errcode === busy
        ? `Another countersign process uses the data folder ${data}.`
        : `The data folder ${data} cannot be used (${message}). Is it writable, and is there room on its disk?`;
    throw new AppError("start_refused", why, error);
  }
}

/** This node's name in the log for as long as the data folder lives. */
function nodeId(data: string, random: Random): string {
  const file = join(data, "node.id");
  if (!existsSync(file)) writeFileSync(file, random.id("nod_"), { mode: 0o600, flush: true });
  return readFileSync(file, "utf8").trim();
}

/** A new file's name is on the disk when its folder is. Windows opens no folder. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  fsyncSync(handle);
  closeSync(handle);
}

/** 32 octets in a file that nobody else may read; made once, for an empty store. */
function masterKey(file: string, mayCreate: boolean): Buffer {
  if (!existsSync(file)) {
    if (!mayCreate)
      throw new AppError(
        "start_refused",
        `The master key ${file} is missing, and this database cannot be opened without it. Put it back from where it is kept.`,
      );
    try {
      // the database is on the disk at its first commit, and no power cut may leave it without its key
      writeFileSync(file, randomBytes(32), { mode: 0o400, flag: "wx", flush: true });
      syncFolder(dirname(file));
    } catch (error) {
      // another node of the group was first
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    chmodSync(file, 0o400);
  }
  if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0)
    throw new AppError("start_refused", `The master key ${file} can be read by others. Run: chmod 400 ${file}`);
  const key = readFileSync(file);
  if (key.length !== 32) throw new AppError("start_refused", `The master key ${file} does not hold 32 octets.`);
  return key;
}
