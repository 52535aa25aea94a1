/**
 * A form posted to an address that an administrator has written down. Must stay true: over TLS, to a public address
 * unless the own network is allowed, to the very address that was checked, for five seconds at most, and nowhere else after
 * that. What is answered is not read.
 */

import { lookup, type LookupAddress } from "node:dns";
import { request } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

const timeoutMs = 5000;
/** Never the link's own addresses, where clouds keep their machines' credentials. */
const intranetRanges = ["private", "uniqueLocal", "carrierGradeNat", "loopback"];

export function isAllowed(address: string, { intranet }: { intranet: boolean }): boolean {
  const range = ipaddr.process(address).range();
  return range === "unicast" || (intranet && intranetRanges.includes(range));
}

class Refused extends Error {}

/** Gives the status; throws when nobody answers or nobody may be asked. */
export async function postForm(
  target: string,
  form: Record<string, string>,
  rule: { intranet: boolean },
): Promise<number> {
  const url = new URL(target);
  const host = url.hostname.replaceAll(/[[\]]/g, "");
  if (url.protocol !== "https:") throw new Refused("not over TLS");
  if (isIP(host) !== 0 && !isAllowed(host, rule)) throw new Refused("not a public address");
  const body = new URLSearchParams(form).toString();
  return await new Promise((resolve, reject) => {
    const asked = request(
      url,
      {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded", "content-length": Buffer.byteLength(body) },
        // no connection that was opened under another rule
        agent: false,
        lookup: guarded(rule),
        signal: AbortSignal.timeout(timeoutMs),
      },
      (response) => {
        response.destroy();
        resolve(response.statusCode ?? 0);
      },
    );
    asked.once("error", reject);
    asked.end(body);
  });
}

/** The name's addresses that may be asked: what is checked is what is connected to, whatever the name says a moment later. */
export const guarded =
  (rule: { intranet: boolean }): LookupFunction =>
  (host, options, callback) =>
    lookup(host, { ...options, all: true }, (error, found: LookupAddress[] | undefined) => {
      const [first, ...others] = (found ?? []).filter(({ address }) => isAllowed(address, rule));
      if (error || !first) return callback(error ?? new Refused("not a public address"), "", 0);
      if (options.all) return callback(null, [first, ...others]);
      return callback(null, first.address, first.family);
    });
