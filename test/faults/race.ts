// One valid code as many different requests at once, by RADIUS and REST, to every node of a group (R-003, F-41).
import { currentStep, userName } from "../../bench/people.ts";
import { openGateway } from "./gateway.ts";
import type { Node } from "./node.ts";
import { queryOf } from "./oracle.ts";
import { makeCaller } from "./rest.ts";
import type { Verdict, Witness } from "./witness.ts";

export type Round = {
  accepted: number;
  refused: number;
  unanswered: number;
  granted: number;
  refusedRecords: number;
  fails: number;
  locked: boolean;
  nextCode: Verdict | undefined;
  ms: number;
};
/** What a round of n requests must come to; `ms` is how long all answers took. */
export const rightRound = (requests: number): Omit<Round, "ms"> => ({
  accepted: 1,
  refused: requests - 1,
  unanswered: 0,
  granted: 1,
  refusedRecords: requests - 1,
  fails: 0,
  locked: false,
  nextCode: "accept",
});

type Race = {
  nodes: readonly Node[];
  key: { id: string; secret: string };
  requests: number;
  witness: Witness;
};

/** Gives a function that plays one round with a person of its own; `close` ends the sockets. */
export async function openRace({ nodes, key, requests, witness }: Race) {
  const gateway = await openGateway(
    nodes.map((node) => node.radiusPort),
    { sockets: 6, witness },
  );
  const caller = await makeCaller(key, witness);
  const query = queryOf(nodes[0]!);

  async function play(user: number): Promise<Round> {
    const step = currentStep();
    const shots: (() => Promise<Verdict | undefined>)[] = [];
    for (let index = 0; index < requests; index++) {
      const to = index % nodes.length;
      if (Math.floor(index / nodes.length) % 2 === 0) {
        const packet = gateway.prepare({ user, step });
        shots.push(async () => {
          const login = gateway.send(packet, { to, waitMs: 10_000 });
          await login.done;
          return login.verdict;
        });
      } else {
        const send = await caller.signLogin(user, step);
        shots.push(async () => (await send(nodes[to]!.url)).verdict);
      }
    }
    const before = performance.now();
    const verdicts = await Promise.all(shots.map((shoot) => shoot()));
    const ms = performance.now() - before;
    const count = (wanted: Verdict | undefined) => verdicts.filter((verdict) => verdict === wanted).length;
    const left = await recorded(user);
    const next = gateway.send(gateway.prepare({ user, step: step + 1 }), { to: user % nodes.length });
    await next.done;
    const unanswered = count(undefined) + count("unavailable") + count("challenge");
    const seen = { accepted: count("accept"), refused: count("reject"), unanswered };
    return { ...seen, ...left, nextCode: next.verdict, ms };
  }

  async function recorded(user: number) {
    const [row] = await query(
      `select (select count(*) from log where user_id = p.id and authenticated = 1) as granted,
         (select count(*) from log where user_id = p.id and authenticated = 0 and result like 'FAILED%') as refused,
         f.fails, f.locked_until
       from person p join factor f on f.user_id = p.id where p.username = '${userName(user)}'`,
    );
    return {
      granted: Number(row!["granted"]),
      refusedRecords: Number(row!["refused"]),
      fails: Number(row!["fails"]),
      locked: Number(row!["locked_until"]) > 0,
    };
  }

  return { play, close: () => gateway.close() };
}
