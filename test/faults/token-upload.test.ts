// a file of secrets that is handed in never touches the disk in the clear, not even for a moment.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { csvParts, pskcParts, transportKey } from "../../bench/token-files.ts";
import { selfSigned } from "../support/certificates.ts";
import { tempFolder, waitUntil } from "../support/process.ts";
import { figure } from "../support/pskc.ts";
import { makeNode, type Node } from "./node.ts";
import { whyNoTracing } from "./sync-points.ts";

let node: Node | undefined;
afterEach(() => node?.kill());

test("while tokens are imported nothing is opened for writing but the database", async (context) => {
  const missing = whyNoTracing();
  if (missing !== undefined) return context.skip(missing);
  node = await makeNode();
  const log = join(tempFolder("upload"), "opened");
  await node.start(["strace", "-D", "-f", "-o", log, "-e", "trace=open,openat,creat"]);
  const opened = () => readFileSync(log, "utf8").split("\n");
  await node.tell("token list", { limit: 1 });
  const before = opened().length;
  const { cert } = await selfSigned("vendor");
  const many = await node.tell("token import", { keyHex: transportKey.toString("hex") }, [...pskcParts(500)].join(""));
  expect(many).toMatchObject({ accepted: 500 });
  expect(await node.tell("token import", { errors: true }, [...csvParts(500)].join(""))).toMatchObject({
    refused: 500,
  });
  expect(await node.tell("token import", { signedBy: cert }, figure(9))).toMatchObject({ rows: [] });
  await node.stop();
  const written = opened()
    .slice(before)
    .flatMap((line) => (/O_WRONLY|O_RDWR|O_CREAT|creat\(/.test(line) ? [/"([^"]*)"/.exec(line)?.[1] ?? line] : []))
    .filter((path) => !path.startsWith(node!.data) && !path.includes("/.cache/node") && !path.startsWith("/dev/"));
  expect(written).toEqual([]);
  // the log of the tracer is complete: the database was opened in it
  await waitUntil("the trace", () => opened().some((line) => line.includes("countersign.db") && /O_RDWR/.test(line)));
});
