// A VPN gateway under load: RADIUS logins from several sockets, each packet with its own Identifier and Authenticator, every
// request and answer written to the witness log. Must stay true: nothing is repeated unless a test says so, and an answer
// counts only when the shared secret proves it.
import { createSocket, type Socket } from "node:dgram";
import { setTimeout as delay } from "node:timers/promises";
import { totp, userName } from "../../bench/people.ts";
import {
  accessAccept,
  accessChallenge,
  accessReject,
  encodeAccessRequest,
  isGenuineReply,
  readPacket,
} from "../peers/support/radius-packets.ts";
import { vpn } from "./node.ts";
import type { Verdict, Witness } from "./witness.ts";

export type Login = {
  id: number;
  user: number;
  step: number;
  packet: Buffer;
  /** which socket it left from: a byte-identical repetition leaves from the same */
  socket: number;
  sentAt: number;
  verdict: Verdict | undefined;
  reply: Buffer | undefined;
  repliedAt: number;
  /** Resolves when the answer is there, or when the gateway has given up. */
  done: Promise<void>;
};
type Waiting = { packet: Buffer; take: (reply: Buffer | undefined) => void };
type Ask = { user: number; step: number; password?: string };
export type Gateway = Awaited<ReturnType<typeof openGateway>>;

const verdicts: Record<number, Verdict> = {
  [accessAccept]: "accept",
  [accessReject]: "reject",
  [accessChallenge]: "challenge",
};
const secret = Buffer.from(vpn.secret);
export const verdictOf = (reply: Buffer): Verdict => verdicts[reply.readUInt8(0)] ?? "unavailable";

/** `ports`: of the nodes that it asks, in turn. */
export async function openGateway(
  ports: readonly number[],
  { sockets = 4, witness }: { sockets?: number; witness?: Witness } = {},
) {
  const lines: Socket[] = [];
  const waiting = new Map<string, Waiting>();
  const timers = new Set<NodeJS.Timeout>();
  for (let index = 0; index < sockets; index++) lines.push(await open(index));
  const made: number[] = lines.map(() => 0);
  let next = 0;

  async function open(index: number): Promise<Socket> {
    const socket = createSocket({ type: "udp4", recvBufferSize: 4_000_000 });
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    socket.on("error", () => undefined);
    socket.on("message", (reply) => {
      const slot = `${index}:${reply.readUInt8(1)}`;
      const one = waiting.get(slot);
      if (!one || !isGenuineReply(readPacket(reply), readPacket(one.packet), secret)) return;
      waiting.delete(slot);
      one.take(reply);
    });
    return socket;
  }

  /** Sends these octets and gives what comes back, or nothing when it takes too long. */
  async function exchange(
    packet: Buffer,
    { socket, waitMs, port }: { socket: number; waitMs: number; port: number },
  ): Promise<Buffer | undefined> {
    return await new Promise((resolve) => {
      const slot = `${socket}:${packet.readUInt8(1)}`;
      const timer = setTimeout(() => take(undefined), waitMs);
      timers.add(timer);
      const take = (reply: Buffer | undefined) => {
        clearTimeout(timer);
        timers.delete(timer);
        resolve(reply);
      };
      waiting.get(slot)?.take(undefined);
      waiting.set(slot, { packet, take });
      lines[socket]!.send(packet, port, "127.0.0.1");
    });
  }

  const portOf = (index: number) => ports[index % ports.length]!;
  return {
    /** A packet that is not sent yet: of the person's code of that step, unless it says otherwise. */
    prepare({ user, step, password = totp(user, step) }: Ask): Omit<Login, "id" | "done"> {
      const socket = next++ % sockets;
      const identifier = made[socket]!++ % 256;
      const packet = encodeAccessRequest(secret, { identifier, userName: userName(user), password });
      return { user, step, packet, socket, sentAt: 0, repliedAt: 0, verdict: undefined, reply: undefined };
    },
    /** `to`: which of the ports is asked. */
    send(prepared: Omit<Login, "id" | "done">, { to = 0, waitMs = 4000 } = {}): Login {
      const id = witness?.sent(prepared.user, prepared.step) ?? 0;
      const login: Login = { ...prepared, id, sentAt: performance.now(), done: Promise.resolve() };
      const { packet, socket } = login;
      login.done = exchange(packet, { socket, waitMs, port: portOf(to) }).then((reply) => {
        login.repliedAt = performance.now();
        if (!reply) return;
        const verdict = verdictOf(reply);
        witness?.answered(id, verdict);
        Object.assign(login, { reply, verdict });
      });
      return login;
    },
    /** The very same octets from the same socket; nothing is written to the log. */
    repeat: async ({ packet, socket }: Pick<Login, "packet" | "socket">, { to = 0, waitMs = 4000 } = {}) =>
      await exchange(packet, { socket, waitMs, port: portOf(to) }),
    /** Everything that is still waited for will not come. */
    giveUp(): void {
      for (const { take } of waiting.values()) take(undefined);
      waiting.clear();
    },
    close(): void {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of lines) socket.close();
    },
  };
}

/** Calls `fire` so many times a second, whether or not anything answers, until told to stop; open loop. */
export async function pace(perSecond: number, fire: (index: number) => void, signal: AbortSignal): Promise<number> {
  const begin = performance.now();
  let count = 0;
  while (!signal.aborted) {
    const due = ((performance.now() - begin) / 1000) * perSecond;
    while (count < due) fire(count++);
    await delay(2, undefined, { signal }).catch(() => undefined);
  }
  return count;
}
