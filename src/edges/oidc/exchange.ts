/** What our side knows of a request, for the library's hooks, which see the bare one. */

import type { IncomingMessage } from "node:http";
import type { Look } from "../sign-in/layout.ts";

export type Exchange = {
  /** what the cookie of the browser's session holds, and that cookie's name */
  session: string | undefined;
  sessionCookie: string;
  look: Look;
  correlationId: string;
  clientIp: string;
};

const known = new WeakMap<IncomingMessage, Exchange>();

export const remember = (raw: IncomingMessage, exchange: Exchange): void => void known.set(raw, exchange);
/** Every request of the library comes through routes.ts, which remembers it. */
export const exchangeOf = (raw: IncomingMessage): Exchange => known.get(raw)!;
