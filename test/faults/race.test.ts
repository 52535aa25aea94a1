// R-003, F-41: of any number of equal codes, on any node and by any protocol, one counts.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { tempFolder } from "../support/process.ts";
import { makeGroup, type Node } from "./node.ts";
import { oracleOf } from "./oracle.ts";
import { openRace, rightRound } from "./race.ts";
import { addApiKey } from "./rest.ts";
import { openWitness } from "./witness.ts";

const rounds = 5;
const requests = 200;
let postgres: Postgres;
let nodes: Node[];
beforeAll(async () => {
  postgres = await startPostgres();
  nodes = await makeGroup(await postgres.createDatabase("race"), { nodes: 3, people: rounds });
});
afterAll(async () => {
  for (const node of nodes) await node.stop();
  await postgres.stop();
});

test("one code sent 200 times at once to three nodes is accepted once and leaves nobody locked", async () => {
  const key = await addApiKey(nodes[0]!);
  for (const node of nodes) await node.start();
  const witness = openWitness(join(tempFolder("witness"), "log"));
  const oracle = oracleOf(nodes[0]!);
  const race = await openRace({ nodes, key, requests, witness });
  for (let user = 0; user < rounds; user++) {
    const { ms: _ms, ...round } = await race.play(user);
    expect(round).toEqual(rightRound(requests));
  }
  race.close();
  expect(await oracle.violations(witness)).toEqual([]);
});
