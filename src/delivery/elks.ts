/**
 * What texts and calls through 46elks have in common. They sign nothing (46elks.se/docs/verify-callback-origin): that a callback
 * is theirs is told by the address it was sent to, which nobody can guess, and by where it comes from, where that is said.
 */

import { z } from "zod";
import { addressRule } from "#core/api-key.ts";
import { basic } from "./answer.ts";
import type { Account, Callback } from "./gateway.ts";

const line = z.string().min(1).max(200);
export const elksOptions = z.strictObject({
  username: line.meta({ title: "API username", help: "Of the account or of one of its subaccounts." }),
  password: line.meta({ title: "API password", help: "What belongs to it.", secret: true }),
  addresses: z
    .string()
    .default("")
    .transform((text) => text.split(/[\s,]+/).filter(Boolean))
    .pipe(z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])))
    .meta({ title: "Callback addresses", help: "Where callbacks come from, as 46elks publishes it; none: anywhere." }),
  currency: z
    .enum(["SEK", "EUR"])
    .default("SEK")
    .meta({ title: "Currency", help: "The account's, in which costs are told." }),
  url: z
    .url({ protocol: /^https$/ })
    .default("https://api.46elks.com")
    .meta({ title: "Address", help: "Only for a vendor that speaks as 46elks does." }),
});
export type ElksOptions = z.output<typeof elksOptions>;

export const elksUrl = ({ url }: ElksOptions, resource: string): string => `${url.replace(/\/$/, "")}/a1/${resource}`;

export const elksHeaders = ({ username, password }: ElksOptions): Record<string, string> => ({
  authorization: basic(username, password),
  "content-type": "application/x-www-form-urlencoded",
});

/** Costs are in ten-thousandths of the currency; nothing that is posted gives money back. */
export function elksCost(cost: unknown): number | undefined {
  const micros = Math.round(Number(cost ?? "-") * 100);
  return Number.isSafeInteger(micros) && micros >= 0 ? micros : undefined;
}

export const isFromElks = ({ options }: Account<ElksOptions>, { clientIp }: Callback): boolean =>
  options.addresses.length === 0 || addressRule(options.addresses)(clientIp);
