import { AppError } from "#core/errors.ts";
import type { Command } from "commander";
import { details, table, time } from "./output.ts";
import { whole } from "./people-verbs.ts";
import { verb, type Verb } from "./verb.ts";

/** Blocking: whom or what nothing may be verified for, and why. */

type Reason = { reason: string; number?: string };
const who = (one: Command): Command => one.argument("[username]").option("--number <number>", "a number, instead");
const reason = (one: Command): Command => one.requiredOption("--reason <text>", "why, for the log and the list");
const meant = ([username]: string[], { number }: { number?: string | undefined }) => {
  if ((username === undefined) === (number === undefined))
    throw new AppError("usage", "a person or --number is needed, one of them");
  return username === undefined ? { number: number! } : { username };
};

export const blockVerbs: Verb[] = [
  verb<"user block", Reason & { days?: number }>({
    path: "user block",
    command: "user block",
    summary: "refuse every sign-in of a person, or send nothing to a number, for a time",
    example: "countersign user block anna --reason 'phone stolen'",
    define: (one) => reason(who(one)).option("--days <n>", "for so long (the setting block.days)", whole),
    input: (args, options) => ({ ...meant(args, options), reason: options.reason, days: options.days }),
    show: ({ id, until }) =>
      `${details({ block: id, until: time(until) })}\nTo undo it: countersign user unblock, with a reason.`,
  }),
  verb<"user unblock", Reason>({
    path: "user unblock",
    command: "user unblock",
    summary: "lift the blocks of a person or a number",
    example: "countersign user unblock anna --reason 'has a new phone, called back'",
    define: (one) => reason(who(one)),
    input: (args, options) => ({ ...meant(args, options), reason: options.reason }),
    show: ({ ended }) => `Blocks lifted: ${ended.length}`,
  }),
  verb<"user blocks", { number?: string; ended?: true; after?: string; limit?: number }>({
    path: "user blocks",
    command: "user blocks",
    summary: "list who and what is blocked, newest first",
    example: "countersign user blocks --ended",
    define: (one) =>
      who(one)
        .option("--ended", "also what has ended, and fraud reports that blocked nobody")
        .option("--after <place>", "go on there, as the page before says")
        .option("--limit <n>", "at most so many (100)", whole),
    input: ([username], options) => ({ username, ...options }),
    show: ({ blocks, next }) =>
      [
        table(blocks, {
          person: (row) => row.username,
          number: (row) => row.number && [row.number, row.extension].filter(Boolean).join(" x"),
          since: (row) => time(row.at),
          until: (row) => (row.fraudNotBlocked ? "not blocked" : time(row.until)),
          by: (row) => row.by,
          why: (row) => [row.fraud && "fraud reported", row.reason].filter(Boolean).join(": "),
          ended: (row) => time(row.endedAt),
          "ended by": (row) => row.endedBy,
          "ended because": (row) => row.endedReason,
        }),
        ...(next === undefined ? [] : [`More: --after ${next}`]),
      ].join("\n"),
  }),
];
