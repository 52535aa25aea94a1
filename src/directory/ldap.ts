/**
 * Active Directory, OpenLDAP and their kind: the service account finds the person, then the person's own password is tried
 * on a connection of its own. Must stay true: only a server's own yes is "right"; what does not answer, or not with a
 * certificate we believe, is "unavailable"; no referral is followed with anybody's password.
 */

import type { connect } from "node:net";
import { Client, type Entry as Attributes } from "ldapts";
import { commonName } from "./common-name.ts";
import { dial } from "./dial.ts";
import type { Checking, DirectorySettings, Entry, Name, OpenDirectory, Step, Verdict } from "./directory.ts";
import { named, nameFilter } from "./filter.ts";
import { problemOf, refusalOf } from "./problem.ts";

const deadlineMs = 5000;
/** A server that did not answer is asked last for as long. */
const restMs = 30_000;
/** So many sign-ins wait for one directory at most; one that hangs must not fill the memory. */
const waitingLimit = 500;

/** Which servers did not answer lately, and until when they rest. */
type Resting = Map<string, number>;

export function openLdap(clock: { now: () => number }): OpenDirectory {
  const resting: Resting = new Map();
  let waiting = 0;
  return (settings) => {
    const rests = (url: string) => Number((resting.get(url) ?? 0) > clock.now());
    const note = (url: string, answered: boolean) =>
      void (answered ? resting.delete(url) : resting.set(url, clock.now() + restMs));
    return {
      check: async (asked) => {
        if (asked.password === "") return { kind: "wrong", reason: "no password" };
        if (waiting >= waitingLimit) return { kind: "unavailable", reason: "too many wait for it" };
        waiting += 1;
        try {
          const servers = settings.urls.toSorted((a, b) => rests(a) - rests(b));
          return await check({ settings, servers, note }, asked);
        } finally {
          waiting -= 1;
        }
      },
      test: async (name) => (await Promise.all(settings.urls.map((url) => trial(settings, url, name)))).flat(),
    };
  };
}

type Asking = { settings: DirectorySettings; servers: string[]; note: (url: string, answered: boolean) => void };
type Deadline = { signal: AbortSignal; at: number };

async function check(asking: Asking, { name, password, mayTry }: Checking): Promise<Verdict> {
  const deadline = { signal: AbortSignal.timeout(deadlineMs), at: performance.now() + deadlineMs };
  const { settings } = asking;
  try {
    const found = await withServer(asking, deadline, async (url, signal) => ({
      url,
      account: await session(url, { settings, signal }, async (client) => await find(client, settings, name)),
    }));
    const { account } = found;
    if (!account) return { kind: "unknown" };
    const entry = entryOf(account);
    if (!(await mayTry(entry.key))) return { kind: "throttled" };
    // first where the account was found: a password changed a moment ago may not be everywhere yet
    const servers = [found.url, ...asking.servers.filter((url) => url !== found.url)];
    const refusal = await withServer({ ...asking, servers }, deadline, async (url, signal) =>
      session(url, { settings, signal }, async (client) => await tryPassword(client, { dn: account.dn, password })),
    );
    // whatever the server made of the password
    if (disabled(account)) return { kind: "wrong", reason: "the account is disabled" };
    return refusal === undefined ? { kind: "right", entry } : { kind: "wrong", reason: refusal };
  } catch (error) {
    return { kind: "unavailable", reason: (error as Error).message };
  }
}

/** One after the other until one answers; each gets its share of the time that is left. */
async function withServer<T>(
  { servers, note }: Asking,
  deadline: Deadline,
  work: (url: string, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const problems: string[] = [];
  for (const [index, url] of servers.entries()) {
    const share = Math.max(0, Math.floor((deadline.at - performance.now()) / (servers.length - index)));
    try {
      const result = await work(url, AbortSignal.any([deadline.signal, AbortSignal.timeout(share)]));
      note(url, true);
      return result;
    } catch (error) {
      note(url, false);
      problems.push(`${url}: ${problemOf(error)}`);
    }
  }
  throw new Error(problems.join("; "));
}

type Session = { settings: DirectorySettings; signal: AbortSignal };

/** The library would connect again by itself, in the clear: it gets this one connection and no other. */
async function session<T>(
  url: string,
  { settings, signal }: Session,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const socket = await dial(url, { ca: settings.ca, signal });
  let handed = false;
  const createConnection = () => {
    if (handed) throw new Error("the connection is gone");
    handed = true;
    return socket;
  };
  const client = new Client({
    url: "ldap://directory",
    createConnection: createConnection as unknown as typeof connect,
  });
  const stop = () => socket.destroy();
  signal.addEventListener("abort", stop);
  try {
    return await work(client);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    client.unbind().catch(() => undefined);
  }
}

const binary = ["objectGUID"];
const attributes = [
  ...binary,
  "entryUUID",
  "nsUniqueId",
  "sAMAccountName",
  "userPrincipalName",
  "uid",
  "mail",
  "displayName",
  "cn",
  "givenName",
  "sn",
  "mobile",
  "memberOf",
  "userAccountControl",
];

/** The service account's search. A search reference that comes along (Active Directory sends some) leads elsewhere. */
async function find(client: Client, settings: DirectorySettings, name: Name): Promise<Attributes | undefined> {
  await bindService(client, settings);
  const { searchEntries } = await client.search(settings.base, {
    filter: nameFilter(name),
    attributes,
    explicitBufferAttributes: binary,
    sizeLimit: 10,
  });
  return named(searchEntries, name, valuesOf);
}

async function bindService(client: Client, { bindDn, bindPassword }: DirectorySettings): Promise<void> {
  try {
    await client.bind(bindDn, bindPassword);
  } catch (error) {
    const refusal = refusalOf(error);
    throw refusal === undefined
      ? error
      : new Error(`the service account may not sign in (${refusal})`, { cause: error });
  }
}

/** Why the password does not let the account in, undefined when it does. */
async function tryPassword(
  client: Client,
  { dn, password }: { dn: string; password: string },
): Promise<string | undefined> {
  try {
    await client.bind(dn, password);
    return undefined;
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    return refusal;
  }
}

const accountDisabled = 2;
const disabled = (account: Attributes) =>
  (Number(valuesOf(account, "userAccountControl")[0] ?? 0) & accountDisabled) !== 0;

/** Servers write names of attributes as they like. */
function rawOf(account: Attributes, attribute: string): (string | Buffer)[] {
  const wanted = attribute.toLowerCase();
  const value = Object.entries(account).find(([name]) => name.toLowerCase() === wanted)?.[1] ?? [];
  return Array.isArray(value) ? value : [value];
}
const valuesOf = (account: Attributes, attribute: string): string[] =>
  rawOf(account, attribute).filter((value) => typeof value === "string");

function entryOf(account: Attributes): Entry {
  const one = (...names: string[]) => names.flatMap((name) => valuesOf(account, name))[0];
  const guid = rawOf(account, "objectGUID")[0];
  const key = guid === undefined ? one("entryUUID", "nsUniqueId") : Buffer.from(guid as string).toString("hex");
  const username = one("sAMAccountName", "uid", "userPrincipalName", "mail");
  if (key === undefined || username === undefined)
    throw new Error("the service account may not read objectGUID or entryUUID, or the account has none");
  return {
    key: key.toLowerCase(),
    username,
    displayName: one("displayName", "cn"),
    firstName: one("givenName"),
    lastName: one("sn"),
    email: one("mail"),
    mobilePhone: one("mobile"),
    groups: valuesOf(account, "memberOf").map(commonName),
  };
}

/** Every step with its time, for whoever sets the directory up. */
async function trial(settings: DirectorySettings, server: string, name: Name | undefined): Promise<Step[]> {
  const signal = AbortSignal.timeout(deadlineMs);
  const steps: Step[] = [];
  let since = performance.now();
  const took = () => {
    const ms = Math.round(performance.now() - since);
    since = performance.now();
    return ms;
  };
  let step = "connect";
  const done = (next: string) => {
    steps.push({ server, step, ms: took() });
    step = next;
  };
  try {
    await session(server, { settings, signal }, async (client) => {
      done("sign in");
      await bindService(client, settings);
      done("search");
      const { searchEntries } = await client.search(settings.base, {
        ...(name ? { filter: nameFilter(name) } : { scope: "base" as const }),
        attributes,
        explicitBufferAttributes: binary,
        sizeLimit: 10,
      });
      if (name) {
        const account = named(searchEntries, name, valuesOf);
        if (!account) throw new Error(`${searchEntries.length} accounts found, none of them certain`);
        entryOf(account);
      }
      done("");
    });
  } catch (error) {
    steps.push({ server, step, ms: took(), problem: problemOf(error) });
  }
  return steps;
}
