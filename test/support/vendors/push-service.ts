// A browser's push service (RFC 8030) and the browsers that subscribed to it, at the edge of the network: it takes a message
// over TLS, checks who sends it (RFC 8292), and the browser opens it (RFC 8291). It can be out of order in the ways that push
// services are. Must stay true: its checks and its decryption are its own, none of ours.
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { waitUntil } from "../process.ts";
import { certificateFor } from "./stand-in.ts";

/** How it behaves. `silent`: it never answers; `moved`: it points elsewhere. */
export type PushMood = "well" | "busy" | "failing" | "gone" | "silent" | "moved";
export type Note = { v: number; type: string; id: string };
/** A message as the service sees it, and what the browser found in it. */
export type Pushed = { note: Note; body: Buffer; ttl: number; urgency: string; topic: string; subject: string };
export type Subscriber = {
  subscription: { endpoint: string; keys: { p256dh: string; auth: string } };
  received: Pushed[];
  /** Resolves with the first message of that type that was not taken yet. */
  take: (type: string) => Promise<Pushed>;
  /** The browser has thrown the subscription away: its address is gone. */
  unsubscribe: () => void;
};
export type PushService = Awaited<ReturnType<typeof startPushService>>;

type Asked = { path: string; headers: IncomingHttpHeaders; body: Buffer };
type Open = (body: Buffer) => Buffer;
type Known = { open: Open; received: Pushed[]; vapidPublicKey: string };

/** `now`: the time by its clock, which a world may have moved. */
export async function startPushService({ now = Date.now }: { now?: () => number } = {}) {
  const { cert, key } = await certificateFor("DNS:localhost");
  const known = new Map<string, Known>();
  /** every request that came, whatever was answered */
  const asked: { path: string; at: number }[] = [];
  const control = { mood: "well" as PushMood, retryAfter: "1" };
  let connections = 0;
  let taken = 0;

  const server = createServer({ cert, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { url: path = "", headers, method } = request;
      asked.push({ path, at: performance.now() });
      if (control.mood === "silent") return;
      const status = method === "POST" ? answer({ path, headers, body: Buffer.concat(chunks) }) : 405;
      response.writeHead(status, {
        ...(status === 429 && { "retry-after": control.retryAfter }),
        ...(status === 307 && { location: `${origin()}/elsewhere` }),
        ...(status === 201 && { location: `${origin()}/message/${asked.length}` }),
      });
      response.end();
    });
  });
  server.on("secureConnection", () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `localhost:${(server.address() as AddressInfo).port}`;
  const origin = () => `https://${host}`;

  function answer(request: Asked): number {
    const subscriber = known.get(request.path);
    const moods = { busy: 429, failing: 503, gone: 410, moved: 307 };
    if (control.mood in moods) return moods[control.mood as keyof typeof moods];
    if (!subscriber) return 410;
    const read = readMessage(request, { subscriber, origin: origin(), now: now() });
    if (typeof read === "number") return read;
    subscriber.received.push(read);
    taken += 1;
    return 201;
  }

  return {
    /** as the setting push.own-services names it */
    host,
    asked,
    control,
    connections: () => connections,
    /** how many messages it has taken and its browsers have opened */
    taken: () => taken,
    clear: () => {
      asked.length = 0;
      control.mood = "well";
    },
    /** A browser that has subscribed with the server's public key. */
    subscribe: (vapidPublicKey: string): Subscriber => {
      const pair = createECDH("prime256v1");
      pair.generateKeys();
      const auth = randomBytes(16);
      const path = `/push/${randomBytes(24).toString("base64url")}`;
      const received: Pushed[] = [];
      let seen = 0;
      known.set(path, { open: (body) => opened(body, { pair, auth }), received, vapidPublicKey });
      return {
        subscription: {
          endpoint: origin() + path,
          keys: { p256dh: pair.getPublicKey("base64url"), auth: auth.toString("base64url") },
        },
        received,
        take: async (type) => {
          const next = () => received.findIndex(({ note }, index) => index >= seen && note.type === type);
          await waitUntil(`a push message ${type}`, () => next() >= 0, { everyMs: 5 });
          const index = next();
          seen = index + 1;
          return received[index]!;
        },
        unsubscribe: () => known.delete(path),
      };
    },
    /** Every connection ends, as services do with those that are idle. */
    hangUp: () => server.closeAllConnections(),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Here = { origin: string; now: number };

/** The message, or the status with which a push service refuses it. */
function readMessage({ headers, body }: Asked, { subscriber, ...here }: { subscriber: Known } & Here) {
  const { ttl = "", topic = "", urgency = "" } = headers as Record<string, string>;
  const subject = authorized(headers.authorization ?? "", { key: subscriber.vapidPublicKey, ...here });
  if (subject === undefined) return 403;
  if (!/^\d+$/.test(ttl) || !/^[\w-]{0,32}$/.test(topic)) return 400;
  if (!/^(very-low|low|normal|high)$/.test(urgency)) return 400;
  if (headers["content-encoding"] !== "aes128gcm") return 415;
  if (body.length > 4096) return 413;
  const note = JSON.parse(subscriber.open(body).toString()) as Note;
  return { note, body, ttl: Number(ttl), urgency, topic, subject };
}

/** RFC 8292: by whose key the sender must be; gives whom one can write to. */
function authorized(header: string, { key, origin, now }: Here & { key: string }): string | undefined {
  const [, head = "", claims = "", signature = "", k] =
    /^vapid t=([\w-]+)\.([\w-]+)\.([\w-]+), ?k=([\w-]+)$/.exec(header) ?? [];
  if (k !== key) return undefined;
  const point = Buffer.from(k, "base64url");
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((one) => one.toString("base64url"));
  const publicKey = createPublicKey({ key: { kty: "EC", crv: "P-256", x, y } as object, format: "jwk" });
  const by = { key: publicKey, dsaEncoding: "ieee-p1363" } as const;
  if (!verify("sha256", Buffer.from(`${head}.${claims}`), by, Buffer.from(signature, "base64url"))) return undefined;
  const { aud, exp, sub } = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, unknown>;
  const left = Number(exp) * 1000 - now;
  const isGood = aud === origin && left > 0 && left <= 86_400_000 && /^(mailto:.+@.+|https:)/.test(String(sub));
  return isGood ? String(sub) : undefined;
}

type Secrets = { pair: ReturnType<typeof createECDH>; auth: Buffer };

/** What the browser does with it; throws when it is not for these keys. */
function opened(body: Buffer, { pair, auth }: Secrets): Buffer {
  const idLength = body.readUInt8(20);
  const [salt, sender, sealed] = [body.subarray(0, 16), body.subarray(21, 21 + idLength), body.subarray(21 + idLength)];
  const hkdf = (secret: Uint8Array, by: Uint8Array, [info, length]: [string | Buffer, number]) =>
    Buffer.from(hkdfSync("sha256", secret, by, info, length));
  const about = Buffer.concat([Buffer.from("WebPush: info\0"), pair.getPublicKey(), sender]);
  const secret = hkdf(pair.computeSecret(sender), auth, [about, 32]);
  const nonce = hkdf(secret, salt, ["Content-Encoding: nonce\0", 12]);
  const decipher = createDecipheriv("aes-128-gcm", hkdf(secret, salt, ["Content-Encoding: aes128gcm\0", 16]), nonce);
  decipher.setAuthTag(sealed.subarray(-16));
  const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  return plain.subarray(0, plain.lastIndexOf(2));
}
