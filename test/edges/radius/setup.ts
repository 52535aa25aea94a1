/**
 * A RADIUS server on a database of its own, and access servers that ask it whatever a test wants, well formed or not.
 * Must stay true: silence is proved by what came after it, never by waiting.
 */

import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { Deps } from "#actions/deps.ts";
import { addRadiusClient, type NewRadiusClient } from "#actions/radius-clients.ts";
import { serveRadius } from "#edges/radius/server.ts";
import { encodeRequest } from "#wire/radius/client.ts";
import { attributeType as type, code } from "#wire/radius/codes.ts";
import type { NewAttribute } from "#wire/radius/packet.ts";
import { isGenuineReply, readPacket } from "../../peers/support/radius-packets.ts";
import { freePort, waitUntil } from "../../support/process.ts";
import { world, type Kind, type World } from "../../support/world.ts";
import type { Settings } from "#core/settings/index.ts";

export const secret = "a secret of thirty-two characters";
export const loopback = "127.0.0.1";

export type Site = Awaited<ReturnType<typeof site>>;
export type Serving = Awaited<ReturnType<Site["serve"]>>;
export type Nas = Awaited<ReturnType<Site["nas"]>>;

type Serve = { hosts?: string[]; ready?: () => boolean };
type SiteOptions = { kind?: Kind; settings?: Partial<Settings>; hasty?: boolean };

/** A world with nothing in it; `close` ends servers and sockets too. */
export async function site(options: SiteOptions = {}) {
  const w = await world({ hasty: true, ...options });
  const closing: (() => Promise<unknown>)[] = [() => w.close()];

  async function serve(deps: Deps = w.deps, { hosts = [loopback], ready = () => true }: Serve = {}) {
    const port = await freePort();
    const server = await serveRadius(deps, { addresses: hosts.map((host) => ({ host, port })), ready });
    let stopped: Promise<void> | undefined;
    const stop = async () => await (stopped ??= server.stop());
    closing.push(stop);
    return { ...server, stop, host: hosts[0]!, port };
  }

  return {
    w,
    serve,
    nas: async (at: NasOptions = {}) => {
      const one = await nas(at);
      closing.push(one.close);
      return one;
    },
    /** A client of ours at 127.0.0.1, by default one whose users sign in with a code alone. */
    client: async (add: NewRadiusClient["options"] = {}, more: Partial<NewRadiusClient> = {}) =>
      await addRadiusClient(w.deps, "cli", {
        name: "vpn",
        addresses: [loopback],
        secret,
        options: { firstFactor: "none", ...add },
        ...more,
      }),
    /** Ended with it. */
    closing: (close: () => Promise<unknown>) => void closing.push(close),
    close: async () => {
      for (const close of closing.toReversed()) await close();
    },
  };
}

type To = { host: string; port: number };
type Received = { code: number; bytes: Buffer; from: To };
type NasOptions = { from?: string; secret?: string };
type Asking = {
  user?: string;
  /** absent: none is sent */
  password?: string | Buffer;
  state?: Buffer | undefined;
  more?: NewAttribute[];
  code?: number;
  signed?: boolean;
  identifier?: number;
};

/** An access server on a socket of its own: what it sends is made here, what it gets is kept. */
export async function nas({ from = loopback, secret: own = secret }: NasOptions = {}) {
  const socket = createSocket("udp4").bind(0, from);
  await once(socket, "listening");
  const key = Buffer.from(own);
  const inbox: Received[] = [];
  socket.on("message", (bytes, { address, port }) =>
    inbox.push({ code: bytes[0]!, bytes, from: { host: address, port } }),
  );
  let last = 0;
  const next = () => (last = (last + 1) % 256);

  function request({ user = "ada", password, state, more = [], signed = true, ...rest }: Asking): Buffer {
    const attributes = [{ type: type.userName, value: Buffer.from(user) }, ...more];
    if (state) attributes.push({ type: type.state, value: state });
    return encodeRequest(
      {
        code: rest.code ?? code.accessRequest,
        identifier: rest.identifier ?? next(),
        attributes,
        ...(password !== undefined && { password: Buffer.from(password as string) }),
        messageAuthenticator: signed ? "first" : "absent",
      },
      key,
    );
  }
  const send = (bytes: Buffer, to: To) => socket.send(bytes, to.port, to.host);

  /** Waits for the answer to exactly these octets and checks it with code that shares nothing with the product. */
  async function answerTo(bytes: Buffer, since = 0): Promise<Received> {
    const request = readPacket(bytes);
    const isAnswer = (one: Received) =>
      isGenuineReply(readPacket(one.bytes), request, key) && one.bytes[20] === 80 && one.bytes[21] === 18;
    const wanted = () => inbox.find((one, at) => at >= since && one.bytes[1] === bytes[1] && isAnswer(one));
    return await waitUntil("a RADIUS reply", wanted, { everyMs: 1, timeoutMs: 5000 });
  }
  async function exchange(bytes: Buffer, to: To): Promise<Received> {
    const since = inbox.length;
    send(bytes, to);
    return await answerTo(bytes, since);
  }
  const statusServer = (more: NewAttribute[] = []) =>
    encodeRequest({ code: code.statusServer, identifier: next(), attributes: more }, key);

  return {
    inbox,
    port: socket.address().port,
    request,
    statusServer,
    send,
    answerTo,
    exchange,
    ask: async (asking: Asking, to: To) => await exchange(request(asking), to),
    close: async () => await new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}

/** Resolves when the server has dealt with all that was sent before, and its replies have arrived. */
export async function settled(from: Nas, server: Serving): Promise<void> {
  const fence = async () => {
    const { bytes } = await from.exchange(from.statusServer(), server);
    const at = from.inbox.findIndex((one) => one.bytes === bytes);
    from.inbox.splice(at, 1);
  };
  await fence();
  await waitUntil("nothing to be under way", () => server.stats().pending === 0, { everyMs: 1 });
  await fence();
}

/** Everything that a guess, a text or an answer would change. */
export async function snapshot({ deps }: World): Promise<string> {
  const tables = ["person", "factor", "challenge", "log", "outbox", "throttle", "radius_request"] as const;
  const rows = await Promise.all(
    tables.map(async (table) => [table, await deps.db.q.selectFrom(table).selectAll().execute()]),
  );
  return JSON.stringify(rows);
}

export const results = async ({ deps }: World): Promise<string[]> =>
  (
    await deps.db.q
      .selectFrom("log")
      .select(["result"])
      .where("kind", "=", "authentication")
      .orderBy("at")
      .orderBy("seq")
      .execute()
  ).map((row) => row.result);

export const state = ({ bytes }: Received): Buffer =>
  readPacket(bytes).attributes.find((one) => one.type === type.state)!.value;

export const valuesOf = ({ bytes }: Received, wanted: number): Buffer[] =>
  readPacket(bytes)
    .attributes.filter((one) => one.type === wanted)
    .map((one) => one.value);

export const message = (reply: Received): string => Buffer.concat(valuesOf(reply, type.replyMessage)).toString();

export const proxyState = (value: Buffer | string): NewAttribute => ({
  type: type.proxyState,
  value: Buffer.from(value as string),
});

/** These dependencies, with decisions that were made held back until `count` of them can be settled at the same moment. */
export function together(deps: Deps, count: number): Deps {
  const { promise, resolve } = Promise.withResolvers<void>();
  let ready = 0;
  const settle: Deps["db"]["settle"] = async (item) => {
    if (++ready === count) resolve();
    await promise;
    return await deps.db.settle(item);
  };
  return { ...deps, db: { ...deps.db, settle } };
}
