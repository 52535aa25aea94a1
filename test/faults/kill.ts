// A node killed in the middle of its work, again and again (F-03). One round: load, kill -9 at a random moment, restart, then
// what was answered and what was not is asked once more. The process that a round ends with is the next one's.
import { setImmediate } from "node:timers/promises";
import { currentStep } from "../../bench/people.ts";
import { type Gateway, type Login, openGateway, pace, verdictOf } from "./gateway.ts";
import type { Node } from "./node.ts";
import type { Oracle } from "./oracle.ts";
import type { Witness } from "./witness.ts";

export type Killing = { node: Node; witness: Witness; oracle: Oracle; people: number; perSecond: number };
export type KillRound = {
  killAfterMs: number;
  readyMs: number;
  sent: number;
  /** Accepts that were seen before the kill */
  accepted: number;
  /** what went wrong, in words; none is right */
  wrong: string[];
};

/** Gives a function that plays one round; the node runs before and after it. */
export async function openKilling({ node, witness, oracle, people, perSecond }: Killing) {
  const gateway = await openGateway([node.radiusPort], { sockets: 8, witness });
  let user = 0;

  async function play(killAfterMs: number): Promise<KillRound> {
    const step = currentStep();
    const logins: Login[] = [];
    const stop = new AbortController();
    const load = pace(
      perSecond,
      () => logins.push(gateway.send(gateway.prepare({ user: user++ % people, step }))),
      stop.signal,
    );
    const timer = setTimeout(() => node.child().signal("SIGKILL"), killAfterMs);
    await node.child().exited;
    clearTimeout(timer);
    stop.abort();
    await load;
    // what the process sent before it died is in our sockets
    for (let turn = 0; turn < 5; turn++) await setImmediate();
    gateway.giveUp();
    const accepted = logins.filter(({ verdict }) => verdict === "accept").length;
    const readyMs = Math.round(await node.start());
    const wrong = [
      ...logins.flatMap(({ verdict }) =>
        verdict === undefined || verdict === "accept" ? [] : [`a right code got ${verdict}`],
      ),
      ...(await repeated(gateway, logins)),
      ...(await replayed(gateway, logins)),
      ...(await oracle.violations(witness)),
    ];
    return { killAfterMs, readyMs, sent: logins.length, accepted, wrong };
  }
  return { play, close: () => gateway.close() };
}

/** the very same packet gets the very same Accept; what was never answered is answered now (I9). */
async function repeated(gateway: Gateway, logins: Login[]): Promise<string[]> {
  const wrong = logins.map(async (login) => {
    const again = await repeatUntilAnswered(gateway, login);
    if (!again) return ["a repeated packet got no answer"];
    if (verdictOf(again) !== "accept") return [`a repeated packet got ${verdictOf(again)}`];
    return login.reply === undefined || login.reply.equals(again) ? [] : ["a repeated packet got other octets"];
  });
  return (await Promise.all(wrong)).flat();
}

/** As a gateway does. On PostgreSQL a dead node's claim on a request stands for five seconds. */
async function repeatUntilAnswered(gateway: Gateway, login: Login): Promise<Buffer | undefined> {
  for (let time = 0; time < 8; time++) {
    const reply = await gateway.repeat(login, { waitMs: 1000 });
    if (reply) return reply;
  }
  return undefined;
}

/** in a packet of its own no code counts again. */
async function replayed(gateway: Gateway, logins: Login[]): Promise<string[]> {
  const again = logins.map(({ user, step }) => gateway.send(gateway.prepare({ user, step })));
  await Promise.all(again.map(({ done }) => done));
  return again.flatMap(({ verdict }) => (verdict === "reject" ? [] : [`a used code got ${verdict ?? "silence"}`]));
}

/** Milliseconds from 50 to 1,000. */
export const randomMoment = () => 50 + Math.floor(Math.random() * 951);
