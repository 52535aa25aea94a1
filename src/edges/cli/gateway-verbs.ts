import { InvalidArgumentError, Option } from "commander";
import { details, table, time } from "./output.ts";
import { whole } from "./people-verbs.ts";
import { date } from "./system-verbs.ts";
import { verb, type Verb } from "./verb.ts";

/** Gateways: whoever carries texts and calls. */

type Pair = { name: string; value: string };
/** A secret of a vendor that has one needs no name. */
const pair = (text: string): Pair => {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("NAME=VALUE is needed");
  return { name: text.slice(0, at), value: text.slice(at + 1) };
};
const pairs = (text: string, before: Pair[] = []): Pair[] => [...before, pair(text)];
const record = (given: Pair[] = []) => Object.fromEntries(given.map(({ name, value }) => [name, value]));
const channel = (text: string): "sms" | "voice" => {
  if (text !== "sms" && text !== "voice") throw new InvalidArgumentError("sms or voice is needed");
  return text;
};

type Add = {
  name: string;
  sender: string;
  senderFor?: Pair[];
  option?: Pair[];
  secretFile?: string[];
  prefix?: string[];
  place?: number;
};

async function readSecrets(files: string[] = [], read: (path: string) => Promise<string>) {
  const named = files.filter((file) => /^\w+=/.test(file)).map(pair);
  const bare = files.find((file) => !/^\w+=/.test(file));
  const secrets: Record<string, string> = {};
  for (const { name, value } of named) secrets[name] = await read(value);
  return { secrets, ...(bare !== undefined && { secret: await read(bare) }) };
}

const cost = (micros: number | null, currency: string | null) =>
  micros === null ? "" : `${(micros / 1_000_000).toFixed(2)} ${currency ?? ""}`;
const seconds = (ms: number | null) => (ms === null ? "" : (ms / 1000).toFixed(1));

export const gatewayVerbs: Verb[] = [
  verb<"gateway add", Add>({
    path: "gateway add",
    command: "gateway add",
    summary: "send texts or place calls through a vendor",
    example:
      "countersign gateway add sms 46elks --name elks --sender +46766861004 --option username=u123 --secret-file elks.secret --prefix +46",
    define: (one) =>
      one
        .argument("<channel>", "sms or voice", channel)
        .argument("<vendor>", "docs/guide/gateways.md has them all")
        .requiredOption("--name <name>", "part of the address that the vendor calls back")
        .requiredOption("--sender <sender>", "what people see: a number, or a name where networks allow it")
        .option("--sender-for <prefix=sender>", "another sender for these numbers; may be repeated", pairs)
        .option("--option <name=value>", "of the vendor; may be repeated", pairs)
        .option(
          "--secret-file <file...>",
          "the vendor's secret, or NAME=FILE where it has several; - is standard input",
        )
        .option("--prefix <prefix...>", "for numbers that begin so, such as +46 (all); the longest counts")
        .option("--place <n>", "its turn among those for the same numbers; the lowest is first (100)", whole),
    input: async ([to, vendor = ""], { name, sender, senderFor, option, secretFile, prefix, place }, read) => ({
      channel: to as "sms",
      vendor,
      name,
      sender,
      senders: record(senderFor),
      options: record(option),
      ...(await readSecrets(secretFile, read)),
      prefixes: prefix,
      place,
    }),
    show: ({ id, name, channel: to, vendor, callbackUrl, advice }) =>
      [
        details({ added: name, id, vendor, "is called back at": callbackUrl, mind: advice }),
        `Replies come only if the vendor sends them to that address. Try it: countersign gateway test ${to} +46…`,
      ].join("\n"),
  }),
  verb<"gateway list">({
    path: "gateway list",
    command: "gateway list",
    summary: "list gateways in the order in which they are tried",
    example: "countersign gateway list",
    input: () => ({}),
    show: ({ gateways }) =>
      table(gateways, {
        name: (row) => row.name,
        for: (row) => row.channel,
        vendor: (row) => row.vendor,
        numbers: (row) => (row.prefixes.length === 0 ? "all" : row.prefixes),
        place: (row) => row.place,
        sender: (row) => row.sender,
        state: (row) => (row.enabled ? "" : "disabled"),
        "is called back at": (row) => row.callbackUrl,
      }),
  }),
  verb<"gateway test", { gateway?: string; wait?: number }>({
    path: "gateway test",
    command: "gateway test",
    summary: "send a text, or place a call, and say what happened and how long it took",
    example: "countersign gateway test sms +46701234567",
    define: (one) =>
      one
        .argument("<channel>", "sms or voice", channel)
        .argument("<number>")
        .option("--gateway <name>", "this one alone, even if it is disabled")
        .option("--wait <seconds>", "for the report that it was delivered (15)", whole),
    input: ([to, number = ""], { gateway, wait }) => ({ channel: to as "sms", number, gateway, waitSeconds: wait }),
    show: ({ steps }) =>
      table(steps, {
        step: (row) => row.step,
        gateway: (row) => row.gateway,
        "took (ms)": (row) => row.ms,
        result: (row) => row.problem ?? row.answer,
      }),
  }),
  ...(["enable", "disable", "remove"] as const).map((what) =>
    verb<"gateway enable">({
      path: `gateway ${what}`,
      command: `gateway ${what}` as "gateway enable",
      summary: { enable: "use a gateway again", disable: "send through a gateway no more", remove: "forget a gateway" }[
        what
      ],
      example: `countersign gateway ${what} elks`,
      define: (one) => one.argument("<name>"),
      input: ([name = ""]) => ({ name }),
      show: ({ name }) => `${name} is ${{ enable: "enabled", disable: "disabled", remove: "removed" }[what]}.`,
    }),
  ),
  verb<"gateway figures", { since?: number }>({
    path: "gateway figures",
    command: "gateway figures",
    summary: "say what became of texts, calls and notifications, by gateway and country",
    example: "countersign gateway figures --since 2027-01-31",
    define: (one) => one.addOption(new Option("--since <date>", "no older than this (30 days)").argParser(date)),
    input: (_, { since }) => ({ since }),
    show: ({ figures }) =>
      table(figures, {
        gateway: (row) => row.gateway,
        for: (row) => row.channel,
        country: (row) => row.country,
        attempts: (row) => row.attempts,
        sent: (row) => row.sent,
        delivered: (row) => row.delivered,
        "half within (s)": (row) => seconds(row.p50),
        "95 of 100 (s)": (row) => seconds(row.p95),
        used: (row) => row.used,
        cost: (row) => cost(row.costMicros, row.currency),
      }),
  }),
  verb<"gateway destinations">({
    path: "gateway destinations",
    command: "gateway destinations",
    summary: "list where nothing is sent because hardly anybody answered",
    example: "countersign gateway destinations",
    input: () => ({}),
    show: ({ destinations }) =>
      table(destinations, {
        destination: (row) => row.id,
        since: (row) => time(row.blockedAt),
        sent: (row) => row.sent,
        answered: (row) => row.answered,
      }),
  }),
  verb<"gateway release", { reason: string }>({
    path: "gateway release",
    command: "gateway release",
    summary: "send to a country or a range of numbers again",
    example: "countersign gateway release +4670123 --reason 'the carrier had lost the texts'",
    define: (one) => one.argument("<destination>").requiredOption("--reason <text>", "why, for the log"),
    input: ([id = ""], { reason }) => ({ id, reason }),
    show: ({ id }) => `Texts and calls go to ${id} again.`,
  }),
  verb<"gateway risk-key">({
    path: "gateway risk-key",
    command: "gateway risk-key",
    summary: "show the key that questions to phone.risk-url are signed with",
    example: "countersign gateway risk-key > risk.key",
    input: () => ({}),
    show: ({ key }) => key,
  }),
];
