/**
 * What devices and the server say to each other (docs/reference/device-protocol.md). Must stay true: what the server reads is closed,
 * so that a misspelt member is never ignored; what it writes may gain members, which a device then passes over.
 */

import { z } from "zod";

const base64url = (min: number, max: number) =>
  z
    .string()
    .min(min)
    .max(max)
    .regex(/^[\w-]+$/);
const plain = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\p{Cc}\p{Bidi_Control}\u2028\u2029]*$/u);

export const requestClaims = z.strictObject({
  htm: z.string().max(16),
  /** the whole address, without its query */
  htu: z.string().max(2048),
  /** in seconds, as in every JWT; all other times are epoch milliseconds */
  iat: z.int().min(0),
  jti: base64url(16, 64),
  /** SHA-256 of the body; "" where there is none */
  bh: z.string().max(43),
  /** whose account it is, as the device has it: for whoever is to mend what the server knows nothing of any more */
  user: z.string().max(256).optional(),
});
export type RequestClaims = z.output<typeof requestClaims>;

export const activationClaims = z.strictObject({ code: z.string().max(64), aud: z.string().max(2048) });

const decisions = ["approve", "deny", "not_me"] as const;
export const decisionClaims = z.strictObject({
  challenge: z.string().max(64),
  nonce: base64url(22, 64),
  user: z.string().max(64),
  application: z.string().max(64),
  decision: z.enum(decisions),
  number: z.string().max(16).optional(),
  pin: z.string().max(32).optional(),
  newPin: z.string().max(32).optional(),
  /** the request's own end, in epoch milliseconds as it was told */
  exp: z.int().min(0),
  uv: z.looseObject({ id: z.string().max(2048) }).optional(),
});
export type DecisionClaims = z.output<typeof decisionClaims>;

const publicJwk = z.strictObject({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: base64url(43, 43),
  y: base64url(43, 43),
});

const subscription = z.strictObject({
  endpoint: z.url({ protocol: /^https$/ }).max(1024),
  keys: z.strictObject({ p256dh: base64url(86, 88), auth: base64url(22, 24) }),
});
export type Subscription = z.output<typeof subscription>;

export const deviceName = plain(64).trim().min(1);
const deviceKinds = ["phone", "tablet", "desktop", "other"] as const;
const systems = ["Android", "iPhone", "iPad", "Windows", "macOS", "ChromeOS", "Linux"];
const browsers = ["Chrome", "Edge", "Firefox", "Opera", "Safari"];
const inBrowsers = browsers.flatMap((browser) => systems.map((system) => `${browser}, ${system}`));
/** Nothing of what a device says of itself here can be a name or a number of somebody's: it goes into the log, which keeps it for ever. */
export const device = z.strictObject({
  name: deviceName,
  kind: z.enum(deviceKinds),
  platform: z.enum(["other", ...systems, ...inBrowsers]),
  appVersion: z.string().regex(/^\d{1,5}(\.\d{1,5}){0,3}$/),
  language: z
    .string()
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/)
    .max(35),
});

export const activationBody = z.strictObject({
  code: z.string().min(1).max(64),
  username: z.string().min(1).max(256).optional(),
  publicKey: publicJwk,
  device,
  subscription: subscription.nullable(),
  signature: z.string().max(2048),
});
export type ActivationBody = z.output<typeof activationBody>;
export const confirmBody = z.strictObject({ proof: z.string().max(64) });
export const channelBody = z.strictObject({ channel: z.literal("stream") });
export const subscriptionBody = z.strictObject({ subscription: subscription.nullable() });
export const nameBody = z.strictObject({ name: deviceName });
export const unlockBody = z.strictObject({ attestation: z.looseObject({ id: z.string().max(2048) }) });
export const decisionBody = z.strictObject({ decision: z.string().max(12_288) });

/** What the server tells of itself before anybody is anybody. */
export type ServerInfo = {
  api: 1;
  organisation: string;
  accountName: string;
  publicUrl: string;
  vapidPublicKey: string;
  support: { name: string; phone: string; email: string; hours: string };
};

export type Activated = {
  deviceId: string;
  account: { username: string; displayName: string | null; accountName: string; organisation: string };
  totp: { secret: string; digits: 6; period: 30; algorithm: "SHA1" };
  channel: "push" | "stream";
  proveBy: number;
  localUnlock: "off" | "offered" | "required";
};

export type DeviceRequest = {
  id: string;
  nonce: string;
  user: string;
  application: string;
  place: string;
  address: string;
  at: number;
  expiresAt: number;
  mode: "number" | "number-pin" | "pin" | "standard";
  /** how many are typed; 0 in the other modes */
  digits: number;
};
export type Account = {
  username: string;
  displayName: string | null;
  accountName: string;
  organisation: string;
  state: "proving" | "active";
  push: "web" | "none";
  pinSet: boolean;
  pinMustChange: boolean;
  localUnlock: Activated["localUnlock"];
  /** whether the app has a passkey for that */
  unlockSet: boolean;
  /** whether "not me" is taken as a report of fraud, and whether that blocks the account */
  fraud: { report: boolean; block: boolean };
};
/** `validate`: what proves the channel of a device without notifications. */
export type DeviceState = { requests: DeviceRequest[]; account: Account; serverTime: number; validate?: string };

const decisionResults = [
  "approved",
  "denied",
  "wrong_number",
  "wrong_pin",
  "wrong_number_or_pin",
  "pin_expired",
  "pin_refused",
  "over",
  "reported",
] as const;
export type Decided = { result: (typeof decisionResults)[number]; rule?: string; blocked?: boolean };

const problemCodes = [
  "bad_signature",
  "bad_time",
  "device_not_activated",
  "device_blocked",
  "activation_refused",
  "too_many_devices",
  "bad_decision",
  "bad_unlock",
  "unlock_needed",
  "request_over",
  "too_many_requests",
] as const;
export type ProblemCode = (typeof problemCodes)[number];
