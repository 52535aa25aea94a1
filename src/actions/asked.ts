/** What an edge asks of a verification, and what it hears. */

import type { Ask } from "#core/case.ts";
import { publicSite, siteOf } from "#core/crowd.ts";
import type { Application } from "#core/facts.ts";
import type { Proof } from "#core/methods/method.ts";
import type { ResultCode } from "#core/results.ts";
import type { Outcome } from "#core/outcome.ts";
import type { CallsMade } from "./calls-made.ts";
import type { AskedDevice } from "#store/push-requests.ts";
import type { Claim } from "#store/requests.ts";

/** Where a request came from. `station` is the caller behind it, `claim` names this very request for repetitions. */
export type Source = {
  protocol: "radius" | "rest" | "cli" | "web" | "phone";
  clientIp?: string | undefined;
  station?: string | undefined;
  claim?: Claim | undefined;
  /** the calls that the answer came by, or did not come by */
  calls?: CallsMade | undefined;
  /** the devices that were asked, and what each has said */
  devices?: readonly AskedDevice[] | undefined;
};
/** What an action has found out by itself, of whom: no edge has this to give. */
export type Found = { nameKey: string; proof: Proof };
export type Attempt = {
  application: Application;
  username: string;
  found?: Found | undefined;
  password?: string | undefined;
  /** Told whose password was right, which the name alone does not say; says whether that is enough. Given by an action alone. */
  proved?: ((userId: string) => Promise<ResultCode | undefined>) | undefined;
  code?: string | undefined;
  method?: string | undefined;
  /** A factor that is being set up and is to be proven. Given by an action alone. */
  newFactor?: string | undefined;
  source: Source;
};
export type Answer = {
  application: Application;
  username?: string | undefined;
  challengeId: string;
  round?: number | undefined;
  /** none where the answer comes by phone and is only waited for */
  response: string | undefined;
  found?: Found | undefined;
  /** The answer comes from the person's phone. Given by an action alone. */
  byPhone?: Ask["byPhone"];
  /** who waits for the phone's answer, where several may */
  holder?: string | undefined;
  source: Source;
};
/** `elsewhere`: another node is answering this very request, so this one must stay silent. */
export type Verified = Outcome | { kind: "elsewhere" };
/** One request on its way: what was asked, by whom, and what it may join. */
export type Request = { ask: Ask; source: Source; username: string; joinKey: string | undefined };

/** a RADIUS client that fails over asks again for what is already under way. */
export function joining({ application, source, code }: Attempt, key: string | undefined): string | undefined {
  if (key === undefined || code !== undefined || source.protocol !== "radius") return undefined;
  return `${application.id} ${source.station ?? ""} ${key}`;
}

/** Where guesses come from. `site`: the same where it is one customer's address of the Internet, not a network that many share. */
export type From = { source: string; site: string | undefined };
/** The addresses of one IPv6 network are one source: whoever has one has all of them to guess from. */
export function fromWhere({ ask: { application }, source: { station, clientIp } }: Request): From {
  const address = station ?? clientIp;
  return { source: siteOf(address ?? application.id), site: publicSite(address) };
}
