/**
 * A TLS connection to one server of a directory. Must stay true: chain and name are verified, and in the clear there is
 * nothing but the request to begin TLS; an `ldap://` server that does not begin it is not spoken to.
 */

import { once } from "node:events";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { BerReader, ExtendedRequest } from "ldapts";

export type Dialling = { ca: string | null; signal: AbortSignal };

export async function dial(url: string, { ca, signal }: Dialling): Promise<TLSSocket> {
  signal.throwIfAborted();
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replaceAll(/[[\]]/g, "");
  const secure = protocol === "ldaps:";
  const plain = connectTcp({ host, port: Number(port || (secure ? 636 : 389)) });
  // what goes wrong later is told by the operation that it breaks
  plain.on("error", () => undefined);
  try {
    await once(plain, "connect", { signal });
    if (!secure) await startTls(plain, signal);
    const socket = connectTls({
      socket: plain,
      host,
      ...(isIP(host) === 0 && { servername: host }),
      ...(ca !== null && { ca }),
      minVersion: "TLSv1.2",
      // said aloud, so that no variable of the environment switches it off
      rejectUnauthorized: true,
    });
    socket.on("error", () => undefined);
    await once(socket, "secureConnect", { signal });
    return socket;
  } catch (error) {
    plain.destroy();
    throw error;
  }
}

const startTlsOid = "1.3.6.1.4.1.1466.20037";
const sequenceTag = 0x30;
const responseTag = 0x78;
const answerLimit = 4096;

/** RFC 4511 §4.14. What comes after the answer was put there in between, to be read as if TLS had carried it. */
async function startTls(plain: Socket, signal: AbortSignal): Promise<void> {
  plain.once("end", () => plain.destroy(new Error("the server hung up")));
  plain.write(new ExtendedRequest({ messageId: 1, oid: startTlsOid }).write());
  let answer = Buffer.alloc(0);
  let reader: BerReader;
  do {
    const [chunk] = (await once(plain, "data", { signal })) as [Buffer];
    answer = Buffer.concat([answer, chunk]);
    if (answer.length > answerLimit) throw new Error("too long an answer to StartTLS");
    reader = new BerReader(answer);
  } while (reader.readSequence(sequenceTag) === null || answer.length < reader.offset + reader.length);
  plain.pause();
  if (answer.length > reader.offset + reader.length) throw new Error("more than an answer to StartTLS");
  if (reader.readInt() !== 1 || reader.readSequence(responseTag) === null || reader.readEnumeration() !== 0)
    throw new Error("StartTLS is refused");
}
