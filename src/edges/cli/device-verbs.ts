import { renderUnicodeCompact } from "uqr";
import type { Command } from "commander";
import { details, lines, table, time } from "./output.ts";
import { whole, why, type Why } from "./people-verbs.ts";
import { verb, type Verb } from "./verb.ts";

/** Authenticator apps: binding one more, and those there are. */

const which = (one: Command): Command => why(one.argument("<username>").argument("<device>", "its id, or its name"));

const device = (path: "device remove" | "device block" | "device unblock", summary: string, done: string): Verb =>
  verb<typeof path, Why>({
    path,
    command: path,
    summary,
    example: `countersign ${path} anna 'Phone'`,
    define: which,
    input: ([username = "", wanted = ""], { reason }) => ({ username, device: wanted, reason }),
    show: ({ id }) => `${id} ${done}`,
  });

export const deviceVerbs: Verb[] = [
  verb<"method add-authenticator", Why>({
    path: "method add-authenticator",
    command: "method add-authenticator",
    summary: "let a person bind the authenticator app on one more device, within ten minutes",
    example: "countersign method add-authenticator anna",
    define: (one) => why(one.argument("<username>")),
    input: ([username = ""], { reason }) => ({ username, reason }),
    show: ({ username, link, code, expiresAt }) =>
      lines(
        [
          details({ for: username, link, code, until: time(expiresAt) }),
          "The phone's camera reads this; or the link is opened there, or name and code are typed in the app.",
          renderUnicodeCompact(link),
        ].join("\n\n"),
      ),
  }),
  verb<"device list">({
    path: "device list",
    command: "device list",
    summary: "list the devices on which a person has the authenticator app",
    example: "countersign device list anna",
    define: (one) => one.argument("<username>"),
    input: ([username = ""]) => ({ username }),
    show: ({ devices }) =>
      table(devices, {
        id: (row) => row.id,
        name: (row) => row.name,
        kind: (row) => [row.kind, row.platform].filter(Boolean).join(", "),
        state: (row) => row.state,
        notifications: (row) => (row.push === "web" ? "yes" : "none on this device"),
        since: (row) => time(row.createdAt),
        seen: (row) => time(row.lastSeenAt),
        "last answer": (row) => row.lastResult,
      }),
  }),
  verb<"device unactivated", { limit?: number }>({
    path: "device unactivated",
    command: "device unactivated",
    summary: "list whose app says that it is not for an activated account, who asked last first",
    example: "countersign device unactivated --limit 50",
    define: (one) => one.option("--limit <n>", "at most this many, 1000 where it is not said", whole),
    input: (_, options) => options,
    show: ({ total, devices }) =>
      [
        table(devices, {
          person: (row) => row.username,
          "says it is": (row) => row.claims,
          device: (row) => row.name,
          why: (row) => row.why,
          "other devices": (row) => (row.username === null ? "" : row.others),
          since: (row) => time(row.since),
          "last asked": (row) => time(row.askedAt),
          id: (row) => row.id,
        }),
        ...(total > devices.length ? [`${total} in all.`] : []),
      ].join("\n"),
  }),
  device("device remove", "take a device away from a person, with its codes", "is removed."),
  device("device block", "let a device approve nothing and its codes count no more, until it is found", "is blocked."),
  device("device unblock", "let a blocked device count again", "counts again."),
  verb<"device rename", Why>({
    path: "device rename",
    command: "device rename",
    summary: "give a device another name",
    example: "countersign device rename anna 'Phone' 'Phone at work'",
    define: (one) => which(one).argument("<new-name>"),
    input: ([username = "", wanted = "", name = ""], { reason }) => ({ username, device: wanted, name, reason }),
    show: ({ id }) => `${id} is renamed.`,
  }),
];
