/* oxlint-disable max-lines -- a table: one field for each setting */
import { z } from "zod";
import { wholeNumber } from "#core/whole-number.ts";

/**
 * Everything an administrator may change while the system runs. One field gives validation, the portal's form, the
 * command line, the API and the reference page: to add a setting, add a field.
 */

type Help = { title: string; help: string };
const whole = (help: Help, range: { min: number; max: number; default: number }) =>
  wholeNumber(range.min, range.max).default(range.default).meta(help);
const line = (help: Help, fallback = "") =>
  z
    .string()
    .max(200)
    .regex(/^\P{Cc}*$/u, "has a line break or another control character")
    .default(fallback)
    .meta(help);
const country = z.string().regex(/^[A-Z]{2}$/, "is not two capital letters such as SE");
const countries = (help: Help) => z.array(country).max(250).default([]).meta(help);
const addresses = (help: Help) => z.array(z.email("is not an e-mail address").max(254)).max(50).default([]).meta(help);
const groups = (help: Help) => z.array(z.string().min(1).max(256)).max(100).default([]).meta(help);
const services = (help: Help, fallback: string[] = []) =>
  z
    .array(
      z
        .string()
        .max(253)
        .regex(
          /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:[1-9]\d{0,4})?$/,
          "is no host such as push.example.org or *.example.org",
        ),
    )
    .max(50)
    .default(fallback)
    .meta(help);
const toggle = (help: Help, fallback: boolean) => z.boolean("is neither true nor false").default(fallback).meta(help);

export const settingsSchema = z.strictObject({
  "names.strip": z.enum(["any", "listed", "none"]).default("any").meta({
    title: "Domain parts of names",
    help: "Whether `DOMAIN\\user` and `user@domain` mean the person `user`: for any domain, for those in names.domains, or never.",
  }),
  "names.domains": z.array(z.string().min(1).max(253).toLowerCase()).max(100).default([]).meta({
    title: "Own domains",
    help: "Domain names that are cut off when names.strip is `listed`.",
  }),
  "phone.default-country": country.or(z.literal("")).default("").meta({
    title: "Country of numbers without a country code",
    help: "Two letters (ISO 3166-1), such as SE. Empty: only numbers that begin with + are understood.",
  }),
  "phone.allowed-countries": countries({
    title: "Countries that may be texted and called",
    help: "Two letters each (ISO 3166-1), such as SE,NO; territories with letters of their own, such as Åland (AX), are named too. Empty: only that of phone.default-country, and any as long as that is empty as well. Set one of them before a gateway that costs money.",
  }),
  "phone.allowed-countries-for-calls": countries({
    title: "Countries that may be called",
    help: "Where calls cost so much more than texts that fewer countries should be called. Empty: the same as may be texted.",
  }),
  "sms.code-life-seconds": whole(
    { title: "Life of a texted code", help: "Seconds for which a code sent by text message is good." },
    { min: 30, max: 600, default: 300 },
  ),
  "sms.per-ten-minutes": whole(
    { title: "Texts and calls per person and 10 minutes", help: "More are not sent; other methods stay offered." },
    { min: 1, max: 100, default: 5 },
  ),
  "sms.per-day": whole(
    { title: "Texts and calls per person and day", help: "More are not sent; other methods stay offered." },
    { min: 1, max: 1000, default: 30 },
  ),
  "phone.number-per-ten-minutes": whole(
    { title: "Texts and calls per number and 10 minutes", help: "To one number, whoever has it registered." },
    { min: 1, max: 100, default: 5 },
  ),
  "phone.number-per-day": whole(
    { title: "Texts and calls per number and day", help: "To one number, whoever has it registered." },
    { min: 1, max: 1000, default: 30 },
  ),
  "phone.source-per-hour": whole(
    {
      title: "Unused texts and calls per source address and hour",
      help: "Asked for from one address of the Internet; addresses of your own networks are not counted. Those that somebody answered rightly do not count.",
    },
    { min: 1, max: 100_000, default: 20 },
  ),
  "phone.client-per-hour": whole(
    {
      title: "Unused texts and calls per client and hour",
      help: "Of a RADIUS client or an API key that checks passwords itself (first factor `none`), whoever they go to. Those that somebody answered rightly do not count.",
    },
    { min: 1, max: 100_000, default: 200 },
  ),
  "phone.prefix-per-hour": whole(
    {
      title: "Unused texts and calls per range of numbers and hour",
      help: "To numbers that differ in the last four digits alone. Those that somebody answered rightly do not count.",
    },
    { min: 1, max: 100_000, default: 20 },
  ),
  "phone.country-per-minute": whole(
    { title: "Texts and calls per country and minute", help: "More are not sent; other methods stay offered." },
    { min: 1, max: 1_000_000, default: 300 },
  ),
  "phone.country-per-day": whole(
    { title: "Texts and calls per country and day", help: "More are not sent; other methods stay offered." },
    { min: 1, max: 10_000_000, default: 10_000 },
  ),
  "phone.total-per-minute": whole(
    {
      title: "Texts and calls a minute",
      help: "To all numbers together. More are not sent; other methods stay offered.",
    },
    { min: 1, max: 1_000_000, default: 600 },
  ),
  "phone.total-per-day": whole(
    { title: "Texts and calls a day", help: "To all numbers together. More are not sent; other methods stay offered." },
    { min: 1, max: 10_000_000, default: 20_000 },
  ),
  "phone.breaker-sends": whole(
    {
      title: "Texts and calls before a destination can be blocked",
      help: "When so many went to one country or range of numbers within an hour and too few were answered, nothing is sent there until `countersign gateway release`. Of one person's at most a quarter counts. 0: nothing is ever blocked so.",
    },
    { min: 0, max: 100_000, default: 20 },
  ),
  "phone.breaker-percent": whole(
    {
      title: "Answered texts and calls, percent",
      help: "Fewer than this of phone.breaker-sends block the destination: codes that nobody uses are asked for to make money.",
    },
    { min: 1, max: 100, default: 20 },
  ),
  "phone.cool-off-hours": whole(
    {
      title: "Hours before a new number recovers a password",
      help: "A number that was added to somebody's account does not help with a forgotten password before; signing in with it works at once. 0: at once.",
    },
    { min: 0, max: 720, default: 24 },
  ),
  "phone.forbidden-groups": groups({
    title: "Groups without texts and calls",
    help: "Nothing is sent to the phones of people in these groups, so that they need another method. Whoever administers anything should be in one: numbers can be taken over.",
  }),
  "phone.needs-another-method": toggle(
    {
      title: "A method besides the phone",
      help: "People whose only methods are texts and calls are asked to register another at their next sign-in. `countersign user list --phone-only` shows who they are.",
    },
    false,
  ),
  "phone.risk-url": z
    .url({ protocol: /^https$/, error: "is no https address" })
    .max(2000)
    .or(z.literal(""))
    .default("")
    .meta({
      title: "Risk check of numbers",
      help: "An https address that is asked before every text and call, and can veto it, when the SIM was changed or the number was ported. docs/guide/toll-fraud.md says how. Empty: nobody is asked.",
    }),
  "phone.risk-seconds": whole(
    { title: "Time for the risk check", help: "Seconds to wait for its answer." },
    { min: 1, max: 10, default: 2 },
  ),
  "phone.risk-silence": z.enum(["allow", "veto"]).default("allow").meta({
    title: "When the risk check does not answer",
    help: "Whether texts and calls go out all the same. For people in phone.privileged-groups they never do.",
  }),
  "phone.privileged-groups": groups({
    title: "Groups that need the risk check's answer",
    help: "Without an answer nothing is sent to people in these groups.",
  }),
  "phone.money-per-day": whole(
    {
      title: "Money for texts and calls a day",
      help: "In the currency in which your gateways tell what they charge; where they tell nothing this limits nothing. When it is spent nothing more is sent until a day has passed. 0: no limit.",
    },
    { min: 0, max: 1_000_000, default: 500 },
  ),
  "sms-reply.life-seconds": whole(
    { title: "Time to reply to a text", help: "Seconds within which a two-way text must be answered." },
    { min: 20, max: 600, default: 180 },
  ),
  "voice.life-seconds": whole(
    { title: "Time for a call", help: "Seconds from the first ring to the last key." },
    { min: 60, max: 600, default: 180 },
  ),
  "voice.ring-seconds": whole(
    { title: "Rings", help: "Seconds for which a phone rings before it counts as not answered." },
    { min: 10, max: 90, default: 30 },
  ),
  "voice.operator": toggle(
    {
      title: "Operators transfer to extensions",
      help: "A person is asked to transfer the call. Otherwise extensions are dialled as tones, but those that begin with @.",
    },
    false,
  ),
  "pin.methods": z
    .array(z.enum(["push", "totp", "hotp", "sms", "sms-reply", "voice"]))
    .max(10)
    .default([])
    .meta({
      title: "Methods that want the PIN too",
      help: "Of people who have a PIN: the app and calls ask for it instead of a number, and codes of texts, apps and tokens want it right behind them.",
    }),
  "pin.shortest": whole(
    { title: "Shortest PIN", help: "Digits that a PIN has at least; 16 at most." },
    { min: 4, max: 16, default: 4 },
  ),
  "pin.history": whole(
    {
      title: "Earlier PINs",
      help: "So many of a person's last PINs are refused as a new one, beside the present one.",
    },
    { min: 0, max: 24, default: 5 },
  ),
  "pin.expire-days": whole(
    { title: "Days a PIN lasts", help: "After them a new one is asked for at the next use. 0: it does not end." },
    { min: 0, max: 3650, default: 0 },
  ),
  "push.services": services(
    {
      title: "Push services",
      help: "Whose addresses a device may name for its notifications: a host, or `*.` and a domain. Those of the browsers at first. Nothing else is ever connected to, and these at public addresses alone.",
    },
    [
      "fcm.googleapis.com",
      "jmt17.google.com",
      "*.push.services.mozilla.com",
      "*.push.apple.com",
      "*.notify.windows.com",
    ],
  ),
  "push.own-services": services({
    title: "Own push services",
    help: "Push services that you run yourself, in your own network too: the host, with `:` and the port where that is not 443. This machine must trust their certificate (`NODE_EXTRA_CA_CERTS`).",
  }),
  "token.resync-steps": whole(
    {
      title: "How far a token's clock may be off",
      help: "Intervals of 30 or 60 seconds to either side within which two codes in a row find a token's clock again.",
    },
    { min: 5, max: 20, default: 10 },
  ),
  "token.resync-counters": whole(
    {
      title: "How far a token may have counted on",
      help: "Presses ahead within which codes in a row find a token that counts: two up to 100, three beyond.",
    },
    { min: 20, max: 1000, default: 100 },
  ),
  "challenge.life-seconds": whole(
    {
      title: "Time to enter a code",
      help: "Seconds for which a request for an app or token code waits for its answer.",
    },
    { min: 30, max: 600, default: 300 },
  ),
  "challenge.tries": whole(
    {
      title: "Tries per request",
      help: "Wrong codes after which a request ends and a new sign-in is needed.",
    },
    { min: 1, max: 10, default: 3 },
  ),
  "lockout.after": whole(
    {
      title: "Wrong codes in a row before a pause",
      help: "A method is locked after this many wrong codes in a row.",
    },
    { min: 4, max: 10, default: 10 },
  ),
  "lockout.minutes": whole(
    { title: "Length of the lock", help: "Minutes for which the method stays locked." },
    { min: 5, max: 1440, default: 30 },
  ),
  "lockout.disable-after": whole(
    {
      title: "Wrong codes in a row before the method ends",
      help: "After this many, the method must be registered anew.",
    },
    { min: 10, max: 100, default: 100 },
  ),
  "lockout.per-day": whole(
    {
      title: "Wrong codes per person and day",
      help: "Over all methods. Keeps the chance of a lucky guess below one in ten thousand a day.",
    },
    { min: 5, max: 30, default: 30 },
  ),
  "lockout.client-per-ten-minutes": whole(
    {
      title: "Wrong codes per client and 10 minutes",
      help: "Of a RADIUS client or an API key that checks passwords itself (first factor `none`), whoever the codes are for. After them none of its codes is looked at until the ten minutes are over. Keep it above the mistakes that your people make there in their busiest ten minutes.",
    },
    { min: 10, max: 100_000, default: 100 },
  ),
  "push.account-name": line({
    title: "Account name in the app",
    help: "What the account is called in the authenticator app. Empty: the name of the organisation.",
  }),
  "push.devices-per-person": whole(
    { title: "Devices per person", help: "On how many devices one person may have the authenticator app." },
    { min: 1, max: 10, default: 5 },
  ),
  "push.life-seconds": whole(
    { title: "Time to approve in the app", help: "Seconds within which a request is answered on the phone." },
    { min: 30, max: 600, default: 120 },
  ),
  "push.client-per-hour": whole(
    {
      title: "Requests in the app per client and hour",
      help: "Of a RADIUS client or an API key that checks passwords itself (first factor `none`), whoever they go to. Those that were approved do not count; after more than this other methods stay offered.",
    },
    { min: 1, max: 100_000, default: 1000 },
  ),
  "push.unanswered": whole(
    {
      title: "Unanswered requests in a row",
      help: "So many requests within ten minutes that were denied or not answered pause the app as a method, so that nobody says yes to have peace. Other methods stay offered.",
    },
    { min: 1, max: 20, default: 3 },
  ),
  "push.rest-minutes": whole(
    {
      title: "Pause after unanswered requests",
      help: "Minutes for which the app is not asked, after push.unanswered.",
    },
    { min: 1, max: 1440, default: 30 },
  ),
  "push.local-unlock": z.enum(["off", "offered", "required"]).default("offered").meta({
    title: "Unlocking the app",
    help: "Whether the app is unlocked with the device's fingerprint, face or PIN before it approves. `required` refuses approvals without it.",
  }),
  "fraud.report": toggle(
    {
      title: "Fraud reports",
      help: "People can say during a call or in the app that a sign-in is not theirs.",
    },
    true,
  ),
  "fraud.block": toggle(
    {
      title: "Fraud reports block",
      help: "Whoever reports fraud and confirms it is blocked for block.days, signed out everywhere, and chooses a new password afterwards. Otherwise the method alone rests for lockout.minutes.",
    },
    true,
  ),
  "fraud.code": z
    .string()
    .regex(/^\d{1,6}$/, "is not one to six digits")
    .default("0")
    .meta({
      title: "Key that reports fraud",
      help: "The digits to press before # during a call. A greeting that you have recorded yourself must name them.",
    }),
  "notify.fraud": addresses({
    title: "Mail about fraud reports",
    help: "Addresses that are written to when somebody reports that a sign-in is not theirs.",
  }),
  "notify.block": addresses({
    title: "Mail about blocks",
    help: "Addresses that are written to when an administrator blocks a person or a number, or lifts a block.",
  }),
  "notify.destinations": addresses({
    title: "Mail about blocked destinations",
    help: "Addresses that are written to when texts and calls to a country or a range of numbers stop, because hardly anybody answers them.",
  }),
  "notify.lockout": addresses({
    title: "Mail about locked methods",
    help: "Addresses that are written to when wrong codes have locked somebody's method, or used up what a client may get wrong.",
  }),
  "notify.language": z
    .string()
    .regex(/^[a-z]{2}$/, "is not two small letters such as sv")
    .default("en")
    .meta({
      title: "Language of mail to administrators",
      help: "Two letters (ISO 639-1), such as sv. A language that is not known here gives English.",
    }),
  "block.days": whole(
    {
      title: "Length of a block",
      help: "Days for which a person or a number stays blocked, unless the block is lifted or was made for another time.",
    },
    { min: 1, max: 3650, default: 90 },
  ),
  "password.per-ten-minutes": whole(
    {
      title: "Wrong passwords per person and source in 10 minutes",
      help: "More are refused unseen, from that source alone.",
    },
    { min: 3, max: 100, default: 10 },
  ),
  "password.source-per-ten-minutes": whole(
    {
      title: "Wrong passwords per source address and 10 minutes",
      help: "From one address of the Internet, whoever they are for; addresses of your own networks are not counted. More are refused unseen, from there alone.",
    },
    { min: 5, max: 100_000, default: 60 },
  ),
  "support.name": line({
    title: "Name of the support",
    help: 'Whom people turn to, as pages and notices call it. Empty: "your organisation\'s support".',
  }),
  "support.phone": line({ title: "Support's phone", help: "Shown to people who need help." }),
  "support.email": line({ title: "Support's e-mail", help: "Shown to people who need help." }),
  "support.hours": line({ title: "Support's hours", help: "When somebody answers, such as weekdays 8–17." }),
  "organisation.name": line({ title: "Name of the organisation", help: "Stands on every page." }, "Countersign"),
  "remember.days": whole(
    {
      title: "Remembered browsers",
      help: "Days for which a person may skip the second step in a browser of theirs; 0: never. More than 30 is not advised.",
    },
    { min: 0, max: 365, default: 14 },
  ),
  "registration.password-days": whole(
    {
      title: "First registration with the password alone",
      help: "Days from a person's first sign-in page for which the password is enough to register the first method; 0: a Temporary Access Pass is always needed.",
    },
    { min: 0, max: 90, default: 14 },
  ),
  "registration.required-groups": groups({
    title: "Groups that must register",
    help: "People in these groups register a method at their next sign-in, whatever the application asks for.",
  }),
  "reset.self-service": toggle(
    {
      title: "Self-service password reset",
      help: "People with a local password can set a new one with a code by mail and one more of their methods; who has none is asked to register.",
    },
    false,
  ),
  "methods.totp.enabled": toggle(
    { title: "App and token codes", help: "Codes by time, from an app or a token." },
    true,
  ),
  "token.self-service": toggle(
    {
      title: "Tokens without an owner",
      help: "Whoever has an imported token in hand that nobody owns makes it theirs, with its serial number and its codes. Off: only tokens that were assigned to them.",
    },
    true,
  ),
  "methods.sms.enabled": toggle({ title: "Text messages", help: "Codes sent by text message." }, true),
  "methods.voice.enabled": toggle({ title: "Calls", help: "The person is called, and types a number or a PIN." }, true),
  "methods.sms-reply.enabled": toggle(
    {
      title: "Two-way text messages",
      help: "A text that is answered with its code. For clients that cannot ask for one; the carrier may charge for the reply, so one-way texts are better where they work.",
    },
    false,
  ),
  "methods.push.enabled": toggle(
    { title: "The authenticator app", help: "A request on the person's phone, which they approve there." },
    true,
  ),
  "methods.recovery.enabled": toggle(
    { title: "Recovery codes", help: "A sheet of codes that let a person register a new method." },
    true,
  ),
  "records.first-and-last-name": toggle(
    { title: "Names in records", help: "Authentication records hold the person's first and last name." },
    false,
  ),
  "records.email": toggle(
    { title: "E-mail in records", help: "Authentication records hold the person's e-mail address." },
    false,
  ),
  "retention.authentication-days": whole(
    {
      title: "Personal part of authentication records",
      help: "Days until name, number and address are removed from a record.",
    },
    { min: 1, max: 3650, default: 180 },
  ),
  "retention.audit-days": whole(
    {
      title: "Audit log",
      help: "Days until the oldest entries are removed, leaving a chained checkpoint. At least as long as the personal part.",
    },
    { min: 30, max: 3650, default: 730 },
  ),
  "retention.token-drift-days": whole(
    { title: "Tokens' clocks", help: "Days for which it is kept where the clocks of hardware tokens stood." },
    { min: 30, max: 3650, default: 730 },
  ),
  "retention.delivery-days": whole(
    { title: "Delivery log", help: "Days until traces of sent messages are removed." },
    { min: 1, max: 365, default: 30 },
  ),
});

export type Settings = z.output<typeof settingsSchema>;
export type SettingName = keyof Settings;
export const defaultSettings: Settings = settingsSchema.parse({});
