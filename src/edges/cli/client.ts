/** One command to the running server, if there is one. Loads nothing of the server's, so that a command starts quickly. */

import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AppError, errorCodes, type ErrorCode } from "#core/errors.ts";

export type Outgoing = {
  command: string;
  input: unknown;
  file: AsyncIterable<Uint8Array>;
  progress: (line: string) => void;
  /** what the command makes a file of, as it comes */
  write: (text: string) => Promise<void>;
};

/** The command's result; undefined when nobody listens, in which case the file is untouched. */
export async function sendCommand(socketPath: string, outgoing: Outgoing): Promise<object | undefined> {
  const sending = request({ socketPath, method: "POST", path: "/command", agent: false });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sending.once("response", resolve).once("error", reject);
  });
  try {
    // the connection stands before the file is touched, so that without a server it can still be read here
    await new Promise<void>((resolve, reject) => {
      sending.once("error", reject);
      sending.once("socket", (socket) => socket.once("connect", resolve));
      answered.catch(() => undefined);
    });
  } catch (error) {
    const { code = "" } = error as { code?: string };
    if (["ENOENT", "ECONNREFUSED"].includes(code)) return undefined;
    if (["EACCES", "EPERM"].includes(code))
      throw new AppError("forbidden", "only the owner of the data folder may give commands", error);
    throw error;
  }
  const uploaded = pipeline(Readable.from(body(outgoing)), sending);
  uploaded.catch(() => undefined);
  // the answer may come before the file has gone; a file that cannot be read must end the request
  const response = await Promise.race([answered, uploaded.then(() => answered)]);
  return await readAnswer(response, outgoing);
}

async function* body({ command, input, file }: Outgoing) {
  yield Buffer.from(`${JSON.stringify({ command, input })}\n`);
  yield* file;
}

type Line = { progress?: string; part?: string; result?: object; error?: { code: string; message: string } };

async function readAnswer(response: IncomingMessage, { progress, write }: Outgoing): Promise<object> {
  for await (const text of linesOf(response)) {
    const line = JSON.parse(text) as Line;
    if (line.progress !== undefined) progress(line.progress);
    if (line.part !== undefined) await write(line.part);
    if (line.result) return line.result;
    if (line.error) throw new AppError(codeOf(line.error.code), line.error.message);
  }
  throw new AppError("unavailable", "the server stopped before it had answered");
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let held: Buffer[] = [];
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        yield Buffer.concat([...held, chunk.subarray(from, end)]).toString();
        held = [];
        from = end + 1;
      }
      held.push(chunk.subarray(from));
    }
  } catch (error) {
    throw new AppError("unavailable", "the server stopped before it had answered", error);
  }
}

const codeOf = (code: string): ErrorCode => errorCodes.find((known) => known === code) ?? "internal";
