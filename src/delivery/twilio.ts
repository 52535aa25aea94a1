/**
 * What texts and calls through Twilio, and vendors that speak as it does, have in common. Must stay true: a callback is
 * taken only with the signature of the account's own token over our public address and all that was posted.
 */

import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { basic, readJson } from "./answer.ts";
import { Undelivered, type Account, type Callback } from "./gateway.ts";

const line = z.string().min(1).max(200);
export const twilioOptions = z.strictObject({
  account: line.regex(/^[\w-]+$/).meta({ title: "Account", help: "The account's SID, which begins with AC." }),
  token: line.meta({
    title: "Auth token",
    help: "The account's auth token: it also signs what is called back.",
    secret: true,
  }),
  key: line
    .or(z.literal(""))
    .default("")
    .meta({ title: "API key", help: "Its SID, which begins with SK; the auth token otherwise." }),
  keySecret: line
    .or(z.literal(""))
    .default("")
    .meta({ title: "API key's secret", help: "What the key asks with.", secret: true }),
  url: z
    .url({ protocol: /^https$/ })
    .default("https://api.twilio.com")
    .meta({ title: "Address", help: "Only for another vendor that speaks as Twilio does, or for a region." }),
});
export type TwilioOptions = z.output<typeof twilioOptions>;

export const twilioUrl = ({ url, account }: TwilioOptions, resource: string): string =>
  `${url.replace(/\/$/, "")}/2010-04-01/Accounts/${account}/${resource}.json`;

/** By the account's own token, or by a key that can be taken away without it. */
export const twilioHeaders = ({ account, token, key, keySecret }: TwilioOptions): Record<string, string> => ({
  authorization: key === "" ? basic(account, token) : basic(key, keySecret),
  "content-type": "application/x-www-form-urlencoded",
});

/** The SID of what was made. */
export function sidIn(answer: Parameters<typeof readJson>[0]): string {
  const { sid } = readJson(answer, ({ code }) => code);
  if (typeof sid !== "string") throw new Undelivered("the answer has no sid", { sure: false });
  return sid;
}

export const formOf = ({ body }: Callback): URLSearchParams => new URLSearchParams(body.toString());

/** Base64 of HMAC-SHA1 over the address and each name and value, in the order of names. */
export function twilioSignature(token: string, { url, form }: { url: string; form: URLSearchParams }): string {
  const posted = [...form].toSorted(([a], [b]) => (a < b ? -1 : 1)).flat();
  return createHmac("sha1", token)
    .update(url + posted.join(""))
    .digest("base64");
}

export function isTwilioSigned({ options }: Account<TwilioOptions>, request: Callback): boolean {
  const given = Buffer.from(request.headers["x-twilio-signature"] ?? "");
  const right = Buffer.from(twilioSignature(options.token, { url: request.url, form: formOf(request) }));
  return given.length === right.length && timingSafeEqual(given, right);
}
