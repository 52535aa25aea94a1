/**
 * What must be known before the database opens: addresses, database, key, role. One YAML file, COUNTERSIGN_* over it, and
 * *_FILE for what is secret. The only reader of the environment. Every mistake is told at once, with its place.
 */

import { readFileSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { AppError } from "#core/errors.ts";

export type Address = { host: string; port: number };

/** `host:port`, `[v6]:port`, or `off`. */
const address = z.string().transform((text, context): Address | undefined => {
  if (text === "off") return undefined;
  const [, v6, host, port] = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const number = Number(port);
  if (port !== undefined && number <= 65_535) return { host: v6 ?? host ?? "", port: number };
  context.addIssue({ code: "custom", message: 'is neither "host:port" nor "off"' });
  return z.NEVER;
});

/** As it is written; one of IPv6 in brackets. */
export const shownAddress = (one: Address | undefined): string =>
  one === undefined ? "off" : `${one.host.includes(":") ? `[${one.host}]` : one.host}:${one.port}`;

/** Addresses and ranges: a list, or one text with commas. */
const ranges = z.preprocess(
  (given) => (typeof given === "string" ? given.split(",").map((one) => one.trim()) : given),
  z.array(
    z
      .union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], { error: "is no IP address or range like 10.0.0.0/8" })
      .refine((range) => !range.endsWith("/0"), "is everybody"),
  ),
);

/** `unset`: what holds without a value, where the default does not say it. */
type Help = { help: string; unset?: string };
const word = (help: Help) => z.string().min(1).optional().meta(help);
const port = (fallback: string, help: string) => address.prefault(fallback).meta({ help, unset: `\`${fallback}\`` });

const schema = z.strictObject({
  role: z
    .enum(["all", "service", "server"])
    .default("all")
    .meta({ help: "For a later version; only `all` does anything." }),
  data: z.string().min(1).default("data").meta({
    help: "The data folder: the embedded database, the master key, anchors, the commands' socket. One process at a time uses it.",
  }),
  "database-url": z
    .string()
    .startsWith("postgres", "does not begin with postgres://")
    .optional()
    .meta({ help: "PostgreSQL, as `postgres://USER:PASSWORD@HOST/DATABASE`.", unset: "SQLite, in the data folder" }),
  "key-file": word({
    help: "The master key, 32 octets that nobody but the server may read.",
    unset: "`master.key` in the data folder",
  }),
  "public-url": z
    .url({ protocol: /^https?$/ })
    .default("http://localhost:8080")
    .meta({
      help: "The address at which people and applications reach the server. It is also the issuer for OpenID Connect, and passkeys belong to its host.",
    }),
  "trusted-proxies": ranges
    .default([])
    .meta({ help: "Addresses and ranges of proxies whose word on the client's address counts.", unset: "none" }),
  "tls-cert": word({ help: "Certificate chain (PEM) for `http`; with `tls-key`.", unset: "no TLS" }),
  "tls-key": word({ help: "Its private key (PEM).", unset: "no TLS" }),
  // a default would also stand for what "off" is read as
  http: port(
    "127.0.0.1:8080",
    "People and applications. Beyond this machine it needs `tls-cert`, or a proxy that is named.",
  ),
  internal: port("127.0.0.1:8081", "Health, metrics and the API's description. Not for the Internet."),
  radius: port("127.0.0.1:1812", "RADIUS (UDP)."),
  ldap: port("127.0.0.1:1389", "For a later version; nothing listens there yet."),
  "smtp-host": word({ help: "The mail server; needs `smtp-from`.", unset: "no mail is sent" }),
  "smtp-port": z.coerce.number().int().min(1).max(65_535).default(587).meta({ help: "Its port." }),
  "smtp-user": word({ help: "The account there; with `smtp-password`.", unset: "none" }),
  "smtp-password": word({ help: "Its password.", unset: "none" }),
  "smtp-from": z
    .string()
    .regex(/^[^\s\p{Cc}"(),:;<>@[\\\]]+@[A-Za-z0-9.-]+$/u, "is not one plain e-mail address")
    .optional()
    .meta({ help: "The sender of mail, one plain address.", unset: "none" }),
  "node-name": z
    .string()
    .min(1)
    .max(100)
    .default(hostname())
    .meta({ help: "What records and the log call this server.", unset: "the machine's name" }),
  "log-level": z
    .enum(["debug", "info", "warn", "error"])
    .default("info")
    .meta({ help: "What is written to standard output, one JSON object a line." }),
});

/** What `docs/reference/configuration.md` says of each key. */
export const configurationKeys = () =>
  Object.entries(schema.shape).map(([name, field]) => {
    const { help, unset = `\`${field.parse(undefined) as string | number}\`` } = field.meta() as Help;
    const within = field instanceof z.ZodDefault ? field.def.innerType : field;
    return { name, variable: variableOf(name), help, values: within instanceof z.ZodEnum ? within.options : [], unset };
  });

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

/** What is of no use, or not safe, without another. */
const whole = schema.superRefine((config, context) => {
  const needs = (key: keyof typeof schema.shape, message: string) =>
    context.addIssue({ code: "custom", path: [key], message });
  if ((config["tls-cert"] === undefined) !== (config["tls-key"] === undefined))
    needs("tls-key", "tls-cert and tls-key go together");
  const elsewhere = config.http !== undefined && !loopback.test(config.http.host);
  if (elsewhere && config["tls-cert"] === undefined && config["trusted-proxies"].length === 0)
    needs(
      "http",
      "would serve people beyond this machine without encryption: set tls-cert and tls-key, or name the proxies that do it in trusted-proxies",
    );
  if (config["smtp-host"] !== undefined && config["smtp-from"] === undefined)
    needs("smtp-from", "is needed with smtp-host");
  if ((config["smtp-user"] === undefined) !== (config["smtp-password"] === undefined))
    needs("smtp-password", "smtp-user and smtp-password go together");
});

export type Config = z.output<typeof schema>;
type Environment = Record<string, string | undefined>;

/** Throws one AppError that names every mistake. */
export async function readConfig(environment: Environment = process.env): Promise<Config> {
  const file = environment["COUNTERSIGN_CONFIG"];
  const given = { ...(await readYaml(file)), ...readEnvironment(environment) };
  const parsed = whole.safeParse(given);
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map((issue) => `  ${issue.path.join(".") || file}: ${issue.message}`);
    throw new AppError(
      "start_refused",
      `The configuration has ${mistakes.length === 1 ? "a mistake" : "mistakes"}:\n${mistakes.join("\n")}`,
    );
  }
  const config = parsed.data;
  const data = resolve(config.data);
  return { ...config, data, "key-file": config["key-file"] ?? join(data, "master.key") };
}

async function readYaml(file: string | undefined): Promise<Record<string, unknown>> {
  if (file === undefined) return {};
  // 72 files that would stay in memory: most servers are configured by the environment alone
  const { parse } = await import("yaml");
  try {
    // not the lines around a mistake: there may be a password among them
    return (parse(readFileSync(file, "utf8"), { prettyErrors: false }) ?? {}) as Record<string, unknown>;
  } catch (error) {
    throw new AppError(
      "start_refused",
      `The configuration file ${file} cannot be read: ${(error as Error).message}`,
      error,
    );
  }
}

/** COUNTERSIGN_DATABASE_URL is `database-url`; COUNTERSIGN_DATABASE_URL_FILE names a file that holds it. */
function readEnvironment(environment: Environment): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const variable = variableOf(name);
    const file = environment[`${variable}_FILE`];
    const value = file === undefined ? environment[variable] : readValue(`${variable}_FILE`, file);
    if (value !== undefined && value !== "") found[name] = value;
  }
  return found;
}

function variableOf(name: string): string {
  return `COUNTERSIGN_${name.toUpperCase().replaceAll("-", "_")}`;
}

function readValue(variable: string, file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new AppError("start_refused", `${variable}: ${(error as Error).message}`, error);
  }
}

/** Named like ours and none of ours: misspelt, or put there by what runs the server, as Kubernetes does beside a service. */
export function unknownVariables(environment: Environment = process.env): string[] {
  const known = new Set(Object.keys(schema.shape).flatMap((name) => [variableOf(name), `${variableOf(name)}_FILE`]));
  known.add("COUNTERSIGN_CONFIG");
  return Object.keys(environment).filter((name) => name.startsWith("COUNTERSIGN_") && !known.has(name));
}

/** A wildcard as the addresses it stands for: replies must leave from the address that was asked (R-119). */
export function expand({ host, port }: Address): Address[] {
  if (host !== "0.0.0.0" && host !== "::") return [{ host, port }];
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const mine = all.filter((one) => !one.address.startsWith("fe80") && (host === "::" || one.family === "IPv4"));
  return mine.map((one) => ({ host: one.address, port }));
}

/** What records name this node by. A wildcard is nobody's address, and of this machine alone it says nothing. */
export function ownAddress({ radius, http }: Pick<Config, "radius" | "http">): string {
  const all = [radius, http].flatMap((one) => (one === undefined ? [] : expand(one)));
  return (all.find(({ host }) => !loopback.test(host)) ?? all[0])?.host ?? "-";
}
