// FreeRADIUS's radclient: one request, its answer read back. Debian 12's (3.2.1) sends a Message-Authenticator only when
// told to and does not check one in replies; it does check the Response Authenticator.
import { findProgram, run } from "../../support/process.ts";

export type RadiusAnswer = {
  /** "Access-Accept", "Access-Reject", "Access-Challenge" … */
  code: string;
  /** As printed: strings without their quotes, State and other octets as 0x…. */
  attributes: { name: string; value: string }[];
};

/** Sends one Access-Request; undefined when nothing (or nothing genuine) came back. A name given twice goes twice. */
export async function radclient(
  server: { port: number; secret: string },
  attributes: [name: string, value: string][],
  { messageAuthenticator = true, timeoutSeconds = 5, tries = 1 } = {},
): Promise<RadiusAnswer | undefined> {
  const program = findProgram("radclient");
  if (program === undefined) throw new Error("radclient was not found: apt-get install freeradius-utils");
  const signed: [string, string][] = messageAuthenticator ? [["Message-Authenticator", "0x00"]] : [];
  const { output } = await run(
    program,
    ["-x", "-t", String(timeoutSeconds), "-r", String(tries), `127.0.0.1:${server.port}`, "auth", server.secret],
    {
      input: [...signed, ...attributes].map(([name, value]) => `${name} = ${quote(value)}\n`).join(""),
      timeoutMs: (timeoutSeconds * tries + 10) * 1000,
    },
  );
  return readAnswer(output);
}

const quote = (value: string) => (/^0x[0-9a-f]*$/i.test(value) ? value : JSON.stringify(value));

export function readAnswer(output: string): RadiusAnswer | undefined {
  const received = /^Received ([A-Za-z-]+) Id .*\n((?:\t.*\n?)*)/m.exec(output);
  if (received === null) {
    if (/No reply from server|Reply verification failed/.test(output)) return undefined;
    throw new Error(`radclient failed:\n${output}`);
  }
  const attributes = [...(received[2] ?? "").matchAll(/^\t([\w.-]+) = (.*)$/gm)].map(([, name = "", value = ""]) => ({
    name,
    value: value.startsWith('"') ? (JSON.parse(value) as string) : value,
  }));
  return { code: received[1] ?? "", attributes };
}
