/**
 * One packet's way: believed or dropped, answered once, read, verified, and the reply sent from the address that was asked.
 * Must stay true: nothing is done for a packet whose Message-Authenticator did not hold, a repetition is never verified
 * twice, and nothing here tells an unknown person from a wrong code.
 */

import type { Answer, Attempt, Source } from "#actions/asked.ts";
import { pinClient, type RadiusClient } from "#actions/radius-clients.ts";
import { begin, respond } from "#actions/verify.ts";
import { all, checkMessageAuthenticator, decode, encodeReply, first, type Packet } from "#wire/radius/packet.ts";
import { revealPassword } from "#wire/radius/password.ts";
import { attributeType as type, code } from "#wire/radius/codes.ts";
import { readText } from "#wire/radius/text.ts";
import type { Server } from "./server.ts";
import { held } from "./holding.ts";
import { splitField } from "./one-field.ts";
import { reject, render, type Reply } from "./render.ts";
import { refusalDue, send, status, toAnswer, type Answered, type Incoming, type Received } from "./reply.ts";

/** above four fifths of this, only conversations that have begun go on. */
const outstandingLimit = 16_384;

/** Everything that can be said about a packet without the database. */
export function receive(server: Server, datagram: Buffer, incoming: Incoming): void {
  server.count.received += 1;
  // a forged packet may say so, and nothing can be sent there
  if (incoming.from.port === 0) return server.dropped.countStranger(incoming.from.address, "from port 0");
  const client = server.table.find(incoming.from.address);
  if (!client) return server.dropped.countStranger(incoming.from.address, "unknown client");
  const decoded = decode(datagram);
  const refusal = decoded.ok ? untrusted(decoded.packet, client) : `malformed: ${decoded.reason}`;
  if (!decoded.ok || refusal !== undefined) return server.dropped.count(client.name, refusal!);
  const { packet } = decoded;
  if (packet.code === code.statusServer) return status(server, client, { packet, incoming });
  pin(server, client, packet);
  const busy = serveOnce(server, client, { packet, incoming });
  if (busy !== undefined) server.dropped.count(client.name, busy);
}

/** `auto` only tightens: one good Message-Authenticator, and it is required from now on. */
function pin(server: Server, client: RadiusClient, packet: Packet): void {
  if (client.requiresMessageAuthenticator || client.options.requireMessageAuthenticator !== "auto") return;
  if (!first(packet, type.messageAuthenticator) || first(packet, type.eapMessage)) return;
  void pinClient(server.deps, client).catch(() => server.dropped.count(client.name, "could not be pinned"));
}

/** Starts the answer, unless it was given, is under way or would be too much; says why not. */
function serveOnce(server: Server, client: RadiusClient, { packet, incoming }: Received): string | undefined {
  const name = claimed(client, { packet, incoming });
  const peer = `${incoming.to}>${name}`;
  const to = toAnswer(packet);
  const before = server.seen.find(peer, to.authenticator);
  if (before === "pending") return "repeated while under way";
  if (before !== "new") return send(server, before, incoming);
  if (!server.ready()) return "this node cannot decide now";
  const begun = first(packet, type.state) !== undefined;
  if (!server.allow(client, begun)) return "over its rate";
  const pending = server.working.count();
  if (pending >= outstandingLimit || (pending > outstandingLimit * 0.8 && !begun)) return "overload";
  server.seen.start(peer, to.authenticator);
  // the packet itself is let go: an answer by phone takes its time
  server.working.begin();
  void answer(server, client, { asked: read(packet, client, name), to, peer, incoming }).then(() =>
    server.working.end(),
  );
  return undefined;
}
/**
 * What all nodes know a request by: each of them is asked at an address of its own. The Identifier first: a busy client counts it
 * up over all its ports, so what comes together lies together in the index, and a commit writes a few pages of it and not one each.
 */
const claimed = (client: RadiusClient, { packet, incoming: { from } }: Received) =>
  `${packet.identifier}:${client.id}:${from.address}:${from.port}`;

/** Why a packet is not to be believed; nothing changes because of it (R-106…R-108). */
function untrusted(packet: Packet, client: RadiusClient): string | undefined {
  if (packet.code === code.accountingRequest) return "accounting is not served";
  if (packet.code !== code.accessRequest && packet.code !== code.statusServer) return "its code is not served";
  const verdict = checkMessageAuthenticator(packet, client.secret);
  if (verdict === "valid") return undefined;
  if (verdict === "wrong") return "wrong Message-Authenticator: is the shared secret right?";
  if (client.requiresMessageAuthenticator || packet.code === code.statusServer) return "no Message-Authenticator";
  if (first(packet, type.eapMessage)) return "EAP-Message without Message-Authenticator";
  if (client.options.limitProxyState && first(packet, type.proxyState))
    return "Proxy-State without Message-Authenticator";
  return undefined;
}

type Work = { asked: Asked; to: Answered; peer: string; incoming: Incoming };

async function answer(server: Server, client: RadiusClient, { asked, to, peer, incoming }: Work): Promise<void> {
  const { deps, seen } = server;
  try {
    let reply: Reply | undefined = reject;
    if ("reject" in asked) server.dropped.count(client.name, asked.reject);
    else {
      const outcome = await ("begin" in asked ? begin(deps, asked.begin) : respond(deps, asked.respond));
      reply = render(await held(server, client, { asked, outcome }), client);
    }
    if (!reply) return seen.forget(peer, to.authenticator);
    const bytes = encodeReply(reply, { ...to, authenticator: Buffer.from(to.authenticator, "latin1") }, client.secret);
    if (reply.code === code.accessReject) await refusalDue(server, incoming);
    if (seen.finish(peer, to.authenticator, bytes)) send(server, bytes, incoming);
  } catch (error) {
    // Fail closed and silent: the client repeats, or asks another server.
    seen.forget(peer, to.authenticator);
    server.dropped.count(client.name, "could not be answered");
    const reason = error instanceof Error ? error.message : "unknown";
    deps.log.debug("a request could not be answered", { client: client.name, reason });
  }
}

/** What a request asks of the engine; a `reject` is refused for its form alone, with the reason for our log. */
export type Asked = { begin: Attempt } | { respond: Answer } | { reject: string };

/** RFC 5080 §2.1.1: without State these ask for authorization nobody has authenticated for. */
const authorizeOnly = [10, 17];
const stateLength = 17;

export function read(packet: Packet, client: RadiusClient, peer: string): Asked {
  const username = textOf(packet, type.userName);
  const states = all(packet, type.state);
  const hidden = first(packet, type.userPassword);
  if (!username) return { reject: "no readable User-Name" };
  if (!hidden) return { reject: "no User-Password: this client does not use PAP" };
  if (states.length > 1) return { reject: "two States" };
  if (states.length === 0 && authorizesOnly(packet)) return { reject: "an authorization-only request" };
  const password = revealPassword(packet, hidden, client.secret);
  const text = password && readText(password);
  // With a wrong secret the password is noise, seldom text: nobody's attempt is spent on it.
  if (text === undefined) return { reject: "the password does not read: is the shared secret right?" };
  const claim = { peer, authenticator: packet.authenticator.toString("base64url") };
  const source: Source = { protocol: "radius", station: textOf(packet, type.callingStationId), claim };
  const [state] = states;
  if (!state) return { begin: attempt({ client, username, text, source }) };
  if (state.length !== stateLength) return { reject: "a State that is not ours" };
  const challengeId = `chl_${state.toString("base64url", 0, 16)}`;
  const { application } = client;
  return { respond: { application, username, challengeId, round: state[16]!, response: text, source } };
}

function textOf(packet: Packet, attribute: number): string | undefined {
  const value = first(packet, attribute);
  return value && readText(value);
}
const authorizesOnly = (packet: Packet) => authorizeOnly.includes(first(packet, type.serviceType)?.at(-1) ?? 0);

type Given = { client: RadiusClient; username: string; text: string; source: Source };
/** Where password and code are in the one field that PAP has. */
function attempt({ client, username, text, source }: Given): Attempt {
  const { firstFactor, mode } = client.options;
  const asked = { application: client.application, username, source };
  if (firstFactor === "none") return { ...asked, code: text === "" ? undefined : text };
  if (mode === "challenge") return { ...asked, password: text };
  // a call or a two-way text needs no code
  return { ...asked, ...splitField(text, client.options) };
}
