// What becomes of a command whose words reach nobody.
import { beforeAll, expect, test } from "vitest";
import { makeNode, makeTemplate, type Node } from "./node.ts";

let node: Node;
beforeAll(async () => {
  node = await makeNode({ data: await makeTemplate(3) });
});

test("a reader who has gone is no failure", async () => {
  const wrap = ["bash", "-c", 'set -o pipefail; "$@" | true', "bash"];
  expect(await node.cli(["user", "list"], { wrap })).toMatchObject({ code: 0, output: "" });
});

test("a full disk is one, and told in one line", async () => {
  const wrap = ["bash", "-c", '"$@" > /dev/full', "bash"];
  const output = "the output cannot be written (ENOSPC)\n";
  expect(await node.cli(["user", "list"], { wrap })).toMatchObject({ code: 1, output });
});
