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

/** Addresses and ranges: a list, or one text with commas. */
const ranges = z.preprocess(
  (given) => (typeof given === "string" ? given.split(",").map((one) => one.trim()) : given),
  z.array(
    z
      .union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], { error: "is no IP address or range like 10.0.0.0/8" })
      .refine((range) => !range.endsWith("/0"), "is everybody"),
  ),
);

const schema = z.strictObject({
  role: z.enum(["all", "service", "server"]).default("all"),
  data: z.string().min(1).default("data"),
  "database-url": z.string().startsWith("postgres").optional(),
  "key-file": z.string().min(1).optional(),
  "public-url": z.url({ protocol: /^https?$/ }).default("http://localhost:8080"),
  "trusted-proxies": ranges.default([]),
  "tls-cert": z.string().min(1).optional(),
  "tls-key": z.string().min(1).optional(),
  // a default would also stand for what "off" is read as
  http: address.prefault("127.0.0.1:8080"),
  internal: address.prefault("127.0.0.1:8081"),
  radius: address.prefault("127.0.0.1:1812"),
  ldap: address.prefault("127.0.0.1:1389"),
  "smtp-host": z.string().min(1).optional(),
  "smtp-port": z.coerce.number().int().min(1).max(65_535).default(587),
  "smtp-user": z.string().min(1).optional(),
  "smtp-password": z.string().min(1).optional(),
  "smtp-from": z
    .string()
    .regex(/^[^\s\p{Cc}"(),:;<>@[\\\]]+@[A-Za-z0-9.-]+$/u, "is not one plain e-mail address")
    .optional(),
  "node-name": z.string().min(1).max(100).default(hostname()),
  "log-level": z.enum(["debug", "info", "warn", "error"]).default("info"),
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
    return (parse(readFileSync(file, "utf8")) ?? {}) as Record<string, unknown>;
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
    const variable = `COUNTERSIGN_${name.toUpperCase().replaceAll("-", "_")}`;
    const file = environment[`${variable}_FILE`];
    // the key itself never comes by the environment, only the file that holds it
    const value = file !== undefined && name !== "key" ? readFileSync(file, "utf8").trim() : environment[variable];
    if (value !== undefined && value !== "") found[name] = value;
  }
  return found;
}

/** A wildcard as the addresses it stands for: replies must leave from the address that was asked. */
export function expand({ host, port }: Address): Address[] {
  if (host !== "0.0.0.0" && host !== "::") return [{ host, port }];
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const mine = all.filter((one) => !one.address.startsWith("fe80") && (host === "::" || one.family === "IPv4"));
  return mine.map((one) => ({ host: one.address, port }));
}
