/**
 * The command line's way into the running server: HTTP over a socket in the data folder. One command a request: its first
 * line is JSON, the rest is a file; the answer is a line of JSON for each progress and each part of a file, and one for the end.
 * Must stay true: whoever can open the socket administers the system, so only its owner can.
 */

import { chmod, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { AppError } from "#core/errors.ts";
import type { Deps } from "#actions/deps.ts";
import { perform, type Call } from "./commands.ts";

type Options = {
  path: string;
  /** runs after each command, so that the edges see what it changed before the command line says so */
  changed: () => Promise<void>;
};

const firstLineBytes = 1_048_576;
const graceMs = 3000;

export async function serveCommands(deps: Deps, { path, changed }: Options): Promise<{ stop(): Promise<void> }> {
  // an import's upload may take as long as its passwords take to hash
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    void answer(deps, request, { response, changed });
  });
  // left by a process that was killed: the database's lock, held by now, is what keeps two servers apart
  await rm(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: Error & { code?: string }) =>
      reject(
        error.code === "EINVAL"
          ? new AppError("start_refused", `The path of the command socket is too long: ${path}`, error)
          : error,
      ),
    );
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return {
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // a long import does not hold up the stop: what it has written is removed at the next start
      const over = new AbortController();
      await Promise.race([closed, deps.clock.sleep(graceMs, over.signal)]);
      over.abort(); // a timer left behind would keep the process for as long
      server.closeAllConnections();
      await closed;
    },
  };
}

/** No faster than it is read, and not to somebody who is gone. */
async function writeWhole(response: ServerResponse, line: object): Promise<void> {
  if (response.destroyed) throw new AppError("unavailable", "nobody reads the file any more");
  if (response.write(`${JSON.stringify(line)}\n`)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once("drain", resolve).once("close", resolve);
  await promise;
  response.off("drain", resolve).off("close", resolve);
}

type Answering = { response: ServerResponse; changed: () => Promise<void> };

async function answer(deps: Deps, request: IncomingMessage, { response, changed }: Answering): Promise<void> {
  const say = (line: object) => void response.write(`${JSON.stringify(line)}\n`);
  request.on("error", () => undefined);
  response.on("error", () => undefined);
  response.writeHead(200, { "content-type": "application/x-ndjson", connection: "close" });
  try {
    // a file that is not read to its end must not take the connection, and so the answer, with it
    const { line, rest } = await splitFirstLine(request.iterator({ destroyOnReturn: false }));
    const call = JSON.parse(line) as Call;
    const result = await perform(deps, call, {
      file: rest,
      progress: (progress) => say({ progress }),
      write: async (part) => await writeWhole(response, { part }),
    });
    await changed().catch((error: Error) =>
      deps.log.warn("what a command changed is seen later, not at once", { reason: error.message }),
    );
    say({ result });
  } catch (error) {
    const known = error instanceof AppError ? error : new AppError("usage", "the command cannot be read");
    say({ error: { code: known.code, message: known.message } });
  }
  await drain(request);
  response.end();
}

/** A connection that is closed on a sender takes the answer with it. */
async function drain(request: IncomingMessage): Promise<void> {
  try {
    for await (const _rest of request);
  } catch {
    // the sender is gone
  }
}

async function splitFirstLine(body: AsyncIterable<Buffer>): Promise<{ line: string; rest: AsyncIterable<Buffer> }> {
  const chunks = body[Symbol.asyncIterator]();
  let held = Buffer.alloc(0);
  while (!held.includes(10)) {
    const next = await chunks.next();
    if (next.done || held.length > firstLineBytes) throw new AppError("usage", "the command cannot be read");
    held = Buffer.concat([held, next.value]);
  }
  const end = held.indexOf(10);
  async function* rest() {
    yield held.subarray(end + 1);
    yield* { [Symbol.asyncIterator]: () => chunks };
  }
  return { line: held.toString("utf8", 0, end), rest: rest() };
}
