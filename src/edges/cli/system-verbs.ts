import { InvalidArgumentError, Option, type Command } from "commander";
import { z } from "zod";
import { apiScopes, type ApiScope } from "#core/api-key.ts";
import type { FirstFactor } from "#core/first-factor.ts";
import { helpPath } from "#core/help.ts";
import { details, lines, table, time } from "./output.ts";
import { whole } from "./people-verbs.ts";
import { verb, type Verb } from "./verb.ts";

/** Clients, settings, the log, and the question why. */

const dateTime = { offset: true, local: true };
// the second of the times has no seconds
const isoDate = z.union([z.iso.date(), z.iso.datetime(dateTime), z.iso.datetime({ ...dateTime, precision: -1 })]);
/** Epoch ms; what `Date.parse` would guess (05/12, February 31) is no date. */
export const date = (text: string): number => {
  if (!isoDate.safeParse(text).success)
    throw new InvalidArgumentError("a date like 2027-01-31 or 2027-01-31T12:00Z is needed");
  return Date.parse(text);
};
/** Epoch ms until which people without a method are let in; `reject` is never. */
const noMethod = (text: string): number => {
  if (text === "reject") return 0;
  if (!text.startsWith("allow-until:")) throw new InvalidArgumentError("reject or allow-until:DATE is needed");
  return date(text.slice("allow-until:".length));
};
const single = (text: string): string => {
  if (text.length !== 1) throw new InvalidArgumentError("one character is needed");
  return text;
};
const modes = ["challenge", "append", "append-fixed"];
const yesNo = (flags: string, help: string) => new Option(flags, help).choices(["yes", "no"]);
const flag = (value: "yes" | "no" | undefined) => value && value === "yes";

type RadiusOptions = {
  application?: string;
  firstFactor?: FirstFactor;
  mode?: "challenge" | "append" | "append-fixed";
  separator?: string;
  codeLength?: number;
  requireMessageAuthenticator?: "yes" | "auto" | "no";
  limitProxyState?: "yes" | "no";
  /** commander stores --no-method under `method`, true when it is absent */
  method: number | true;
  approveWithoutNumber?: "yes" | "no";
  fallbackToken?: "yes" | "no";
  waitSeconds?: number;
  reply?: string[];
  rate?: number;
};
type RadiusAdd = RadiusOptions & { name: string; address: string[]; allowOverlap?: true; secretFile?: string };

/** In brackets what holds where nothing is said. */
const radiusOptions = (one: Command): Command =>
  one
    .option("--application <name>", "the name in texts and records (the client's own)")
    .option("--first-factor <where>", "where the password is checked: none, local, directory:NAME or any (local)")
    .addOption(new Option("--mode <mode>", "how the code comes (challenge)").choices(modes))
    .option("--separator <sign>", "between password and code in append mode (a comma)", single)
    .option("--code-length <n>", "digits of the code (and PIN) in append-fixed mode (6)", whole)
    .addOption(
      new Option(
        "--require-message-authenticator <when>",
        "drop requests without it; auto: from its first one on (yes)",
      ).choices(["yes", "auto", "no"]),
    )
    .addOption(yesNo("--limit-proxy-state <yes|no>", "refuse Proxy-State without Message-Authenticator (yes)"))
    .option("--no-method <rule>", "people without a method: reject, or allow-until:DATE (reject)", noMethod)
    .addOption(yesNo("--approve-without-number <yes|no>", "calls and approvals in the app need no number typed (no)"))
    .addOption(
      yesNo("--fallback-token <yes|no>", "a phone that is not answered: ask for a code of an app or token (no)"),
    )
    .option("--wait-seconds <n>", "how long it waits for somebody who answers by phone (120)", whole)
    .option("--reply <name=value...>", "attributes sent with every Access-Accept (none)")
    .option("--rate <n>", "requests a second (20000)", whole);

const readRadiusOptions = (options: RadiusOptions) => ({
  application: options.application,
  options: {
    firstFactor: options.firstFactor,
    mode: options.mode,
    separator: options.separator,
    codeLength: options.codeLength,
    requireMessageAuthenticator: options.requireMessageAuthenticator,
    limitProxyState: flag(options.limitProxyState),
    allowWithoutMethodUntil: options.method === true ? undefined : options.method,
    approveWithoutNumber: flag(options.approveWithoutNumber),
    fallbackToken: flag(options.fallbackToken),
    waitSeconds: options.waitSeconds,
    reply: options.reply,
    rate: options.rate,
  },
});

const radiusClients: Verb[] = [
  verb<"radius-client add", RadiusAdd>({
    path: "radius-client add",
    command: "radius-client add",
    summary: "let a VPN gateway or another RADIUS client ask",
    example: "countersign radius-client add --name vpn --address 10.0.0.5 --reply Filter-Id=staff",
    define: (one) =>
      radiusOptions(
        one
          .requiredOption("--name <name>", "what commands and the log call it")
          .requiredOption("--address <address...>", "IP addresses or ranges that it asks from")
          .option("--allow-overlap", "they may lie in another client's range, or hold it: the narrower counts")
          .option("--secret-file <file>", "the shared secret; - is standard input; none: one is made and shown once"),
      ),
    input: async (_, options, read) => ({
      name: options.name,
      addresses: options.address,
      allowOverlap: options.allowOverlap,
      secret: options.secretFile === undefined ? undefined : await read(options.secretFile),
      ...readRadiusOptions(options),
    }),
    show: ({ id, name, addresses, application, secret, warnings }) =>
      [
        details({ added: name, id, addresses, application, secret }),
        ...(secret === undefined ? [] : ["The secret is shown this once."]),
        ...warnings,
      ].join("\n"),
  }),
  verb<"radius-client set", RadiusOptions>({
    path: "radius-client set",
    command: "radius-client set",
    summary: "change how a RADIUS client is answered",
    example: "countersign radius-client set vpn --fallback-token yes",
    define: (one) => radiusOptions(one.argument("<name>")),
    input: ([name = ""], options) => ({ name, ...readRadiusOptions(options) }),
    show: ({ name, warnings }) => [`${name} is changed.`, ...warnings].join("\n"),
  }),
  verb<"radius-client list">({
    path: "radius-client list",
    command: "radius-client list",
    summary: "list RADIUS clients",
    example: "countersign radius-client list",
    input: () => ({}),
    show: ({ clients }) =>
      [
        table(clients, {
          name: (row) => row.name,
          addresses: (row) => row.addresses,
          application: (row) => row.application,
          "first factor": (row) => row.options.firstFactor,
          mode: (row) => row.options.mode,
          "message-authenticator": (row) => (row.requiresMessageAuthenticator ? "required" : "not required"),
          "without a method until": (row) => time(row.options.allowWithoutMethodUntil),
          reply: (row) => row.options.reply,
        }),
        ...clients.flatMap(({ name, warnings }) => warnings.map((warning) => lines(`${name}: ${warning}`))),
      ].join("\n"),
  }),
  verb<"radius-client remove">({
    path: "radius-client remove",
    command: "radius-client remove",
    summary: "answer a RADIUS client no more",
    example: "countersign radius-client remove vpn",
    define: (one) => one.argument("<name>"),
    input: ([name = ""]) => ({ name }),
    show: ({ name }) => `${name} is removed.`,
  }),
];

type ApiKeyAdd = {
  name: string;
  scope: ApiScope[];
  application?: string;
  firstFactor?: FirstFactor;
  cidr?: string[];
  expires?: number;
};

const apiKeys: Verb[] = [
  verb<"api-key add", ApiKeyAdd>({
    path: "api-key add",
    command: "api-key add",
    summary: "let an integration ask over HTTP",
    example: "countersign api-key add --name intranet --scope verify --cidr 10.0.0.0/8",
    define: (one) =>
      one
        .requiredOption("--name <name>")
        .addOption(new Option("--scope <scope...>", "what it may do").choices(apiScopes).makeOptionMandatory())
        .option("--application <name>", "the name in texts and records (the key's own)")
        .option("--first-factor <where>", "where the password is checked: none, local, directory:NAME or any")
        .option("--cidr <range...>", "addresses and ranges that it may ask from (anywhere)")
        .option("--expires <date>", "not good after this", date),
    input: (_, { name, scope, application, firstFactor, cidr, expires }) => ({
      name,
      scopes: scope,
      application,
      firstFactor,
      cidrs: cidr,
      expiresAt: expires,
    }),
    show: ({ id, name, application, secret }) =>
      [details({ added: name, key: id, application, secret }), "The secret is shown this once."].join("\n"),
  }),
  verb<"api-key list">({
    path: "api-key list",
    command: "api-key list",
    summary: "list API keys",
    example: "countersign api-key list",
    input: () => ({}),
    show: ({ keys }) =>
      table(keys, {
        name: (row) => row.name,
        key: (row) => row.id,
        application: (row) => row.application,
        scopes: (row) => row.scopes,
        from: (row) => row.cidrs,
        expires: (row) => time(row.expiresAt),
        revoked: (row) => time(row.revokedAt),
      }),
  }),
  verb<"api-key revoke">({
    path: "api-key revoke",
    command: "api-key revoke",
    summary: "believe an API key no more",
    example: "countersign api-key revoke intranet",
    define: (one) => one.argument("<name>"),
    input: ([name = ""]) => ({ name }),
    show: ({ name }) => `${name} is revoked.`,
  }),
];

const settings: Verb[] = [
  verb<"settings list">({
    path: "settings list",
    command: "settings list",
    summary: "list all settings with their values",
    example: "countersign settings list",
    input: () => ({}),
    show: (result) =>
      table(result.settings, {
        name: (row) => row.name,
        value: (row) => JSON.stringify(row.value),
        changed: (row) => (row.changed ? "changed" : ""),
        title: (row) => row.title,
      }),
  }),
  verb<"settings get">({
    path: "settings get",
    command: "settings get",
    summary: "show one setting and what it means",
    example: "countersign settings get lockout.after",
    define: (one) => one.argument("<name>"),
    input: ([name = ""]) => ({ name }),
    show: (setting) =>
      details({
        ...setting,
        value: JSON.stringify(setting.value),
        default: JSON.stringify(setting.default),
        changed: setting.changed ? "yes" : "no",
      }),
  }),
  verb<"settings set">({
    path: "settings set",
    command: "settings set",
    summary: "change a setting; it holds at once",
    example: "countersign settings set phone.default-country SE",
    define: (one) => one.argument("<name>").argument("<value>", "JSON or plain text"),
    input: ([name = "", text = ""]) => ({ name, text }),
    show: ({ name, value }) => `${name} is ${JSON.stringify(value)}.`,
  }),
  verb<"settings unset">({
    path: "settings unset",
    command: "settings unset",
    summary: "give a setting its default back",
    example: "countersign settings unset phone.default-country",
    define: (one) => one.argument("<name>"),
    input: ([name = ""]) => ({ name }),
    show: ({ name, value }) => `${name} is ${JSON.stringify(value)}.`,
  }),
];

type LogList = { user?: string; correlation?: string; since?: number; after?: string; limit?: number };

const others: Verb[] = [
  verb<"log list", LogList>({
    path: "log list",
    command: "log list",
    summary: "list sign-ins and changes, newest first, a page at a time",
    example: "countersign log list --user anna --since 2027-01-31",
    define: (one) =>
      one
        .option("--user <name>", "of this person, or of a removed one's id")
        .option("--correlation <id>", "of one request")
        .option("--since <date>", "no older than this", date)
        .option("--after <cursor>", "the next page")
        .option("--limit <n>", "at most this many", whole),
    input: (_, options) => options,
    show: ({ records, next }) =>
      [
        table(records, {
          time: (row) => time(row.at),
          who: (row) => row.username ?? row.userId,
          application: (row) => row.application ?? row.applicationId,
          result: (row) => row.result,
          authenticated: (row) => (row.authenticated ? "yes" : ""),
          gate: (row) => row.gate,
          // two for one sign-in: its client went on to another
          node: (row) => (records.some(({ node }) => node !== row.node) ? row.node : ""),
          "by or from": (row) =>
            row.actor === `person:${row.userId}` ? "themselves" : (row.actor ?? row.personal?.["clientIp"]),
          // for log show: of a request, or of the change, which belongs to none
          id: (row) => row.correlationId ?? row.id,
        }),
        ...(next === undefined ? [] : [`There are more: --after ${next}`]),
      ].join("\n"),
  }),
  verb<"log show">({
    path: "log show",
    command: "log show",
    summary: "tell what happened, from any id on an error page or in the log, and what to do next",
    example: "countersign log show cor_V1StGXR8Z5jdHi6BmyTgcw",
    define: (one) => one.argument("<id>", "of a request, record, challenge, session, person, method, client or key"),
    input: ([id = ""]) => ({ id }),
    show: ({ entries, advice }) =>
      [
        ...entries.map(({ at, sentence }) => `${time(at)}  ${sentence}`),
        ...(advice ? ["", advice.administrator, `For the person: ${helpPath(advice.help)}`] : []),
      ].join("\n"),
  }),
  verb<"log verify", { anchors?: string }>({
    path: "log verify",
    command: "log verify",
    summary: "check that the log is whole, and say how far that can be known",
    example: "countersign log verify --anchors /mnt/elsewhere/anchors.log",
    define: (one) => one.option("--anchors <file>", "anchors kept elsewhere show a cut-off end"),
    input: () => ({}),
    file: (_, { anchors }) => anchors,
    show: ({ sentence }) => sentence,
  }),
  verb<"explain", { application: string; passwordRight?: boolean }>({
    path: "explain",
    command: "explain",
    summary: "say why a person can or cannot sign in to an application now",
    example: "countersign explain anna --application vpn",
    define: (one) =>
      one
        .argument("<username>")
        .requiredOption("--application <name>", "a RADIUS client, by its own name or its application's")
        .option("--password-right", "go on as if the password had been right"),
    input: ([username = ""], options) => ({ username, ...options }),
    show: ({ person, methods, reason, decision, gate, code, result }) =>
      [
        reason,
        "",
        details({ decision, gate, code, result, person: person && `${person.id}, ${person.state}` }),
        ...(methods.length === 0
          ? []
          : [
              "",
              table(methods, {
                method: (row) => row.name ?? row.method,
                state: (row) => row.state,
                "wrong answers": (row) => (row.fails === 0 ? "" : row.fails),
                "locked until": (row) => time(row.lockedUntil),
                "not sent to": (row) => row.unsent,
                id: (row) => row.id,
              }),
            ]),
      ].join("\n"),
  }),
  verb<"phone inbox">({
    path: "phone inbox",
    command: "phone inbox",
    summary: "read what the evaluation's simulated phones have received",
    example: "countersign phone inbox '+46701234567'",
    define: (one) => one.argument("[number]"),
    input: ([number]) => ({ number }),
    show: ({ messages }) =>
      table(messages, { time: (row) => time(row.at), to: (row) => row.to, text: (row) => row.text }),
  }),
  verb<"mail inbox">({
    path: "mail inbox",
    command: "mail inbox",
    summary: "read what the evaluation's simulated mailboxes have received",
    example: "countersign mail inbox anna@example.org",
    define: (one) => one.argument("[address]"),
    input: ([address]) => ({ address }),
    show: ({ messages }) =>
      messages.length === 0
        ? "none"
        : messages
            .map(({ at, to, subject, text }) => `${details({ time: time(at), to, subject })}\n\n${lines(text)}`)
            .join("\n\n"),
  }),
];

export const systemVerbs: Verb[] = [...radiusClients, ...apiKeys, ...settings, ...others];
