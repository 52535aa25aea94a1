import { z } from "zod";
import { firstFactor } from "./first-factor.ts";
import { wholeNumber } from "./whole-number.ts";

/** What an administrator says of a RADIUS client, with the defaults of `radius-client add`. */

export const radiusClientOptions = z.strictObject({
  firstFactor: firstFactor.default("local"),
  /** How the code comes: asked for, after the password and a separator, or as its last characters. */
  mode: z.enum(["challenge", "append", "append-fixed"]).default("challenge"),
  separator: z.string().length(1).default(","),
  /** with the PIN, where one follows the code */
  codeLength: wholeNumber(6, 24).default(6),
  requireMessageAuthenticator: z.enum(["yes", "auto", "no"]).default("yes"),
  limitProxyState: z.boolean().default(true),
  /** Epoch ms until which people without a method are let through; 0 is never. */
  allowWithoutMethodUntil: z.int().min(0).default(0),
  /** a push that is approved without typing a number is allowed for this client. */
  approveWithoutNumber: z.boolean().default(false),
  /** After a call or text that was not answered a code of the person's app or token is asked for; in challenge mode. */
  fallbackToken: z.boolean().default(false),
  /** How long the client waits for somebody who answers by phone: its time-out times its tries. */
  waitSeconds: wholeNumber(5, 600).default(120),
  /** `Name=value`, sent with every Access-Accept whatever the method. */
  reply: z.array(z.string().max(300)).max(50).default([]),
  /** Requests a second (mission G20). */
  rate: wholeNumber(1, 1_000_000).default(20_000),
});
export type RadiusClientOptions = z.output<typeof radiusClientOptions>;

type Guarded = { options: RadiusClientOptions; requiresMessageAuthenticator: boolean; secret: Uint8Array };

/** What an administrator is told of a client as it stands, wherever it is shown: gravest first, best none. */
export function radiusClientWarnings({ options, requiresMessageAuthenticator, secret }: Guarded): string[] {
  const warnings: string[] = [];
  if (!requiresMessageAuthenticator && !options.limitProxyState)
    warnings.push(
      "DANGER: anybody on the network path can let themselves in (CVE-2024-3596). Requests need no Message-Authenticator, not even with Proxy-State. Set --require-message-authenticator yes or, if the client cannot send it, --limit-proxy-state yes.",
    );
  else if (options.requireMessageAuthenticator === "no")
    warnings.push(
      "Requests without Message-Authenticator are accepted: an attacker on the network path can forge answers (CVE-2024-3596). Use this only for clients that cannot send it, on a network you trust.",
    );
  if (secret.length < 32)
    warnings.push(
      "The secret is shorter than 32 octets; the longer it is, the harder it is to guess from captured packets.",
    );
  return warnings;
}
