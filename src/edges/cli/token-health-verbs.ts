import type { CommandResult } from "./commands.ts";
import { table, time } from "./output.ts";
import { whole } from "./people-verbs.ts";
import { verb, type Verb } from "./verb.ts";

/** How the tokens that were given out do. */

type Health = CommandResult<"token health">;
const counts = {
  available: (row: Health["total"]) => row.available,
  assigned: (row: Health["total"]) => row.assigned,
  activated: (row: Health["total"]) => row.activated,
  lost: (row: Health["total"]) => row.lost,
  revoked: (row: Health["total"]) => row.revoked,
  expired: (row: Health["total"]) => row.expired,
  expiring: (row: Health["total"]) => row.expiring,
};
const remarkable = {
  serial: (row: Health["astray"][number]) => row.serial,
  maker: (row: Health["astray"][number]) => row.manufacturer,
  person: (row: Health["astray"][number]) => row.username,
  drift: (row: Health["astray"][number]) => row.drift,
  "last seen": (row: Health["astray"][number]) => time(row.seenAt),
};
const day = (at: number) => time(at).slice(0, 10);

type Options = { edge?: number; unseenDays?: number; expiringDays?: number; limit?: number };

export const tokenHealthVerbs: Verb[] = [
  verb<"token health", Options>({
    path: "token health",
    command: "token health",
    summary: "tokens by state, maker and import; whose clocks are far off, which are not used, which end",
    example: "countersign token health --unseen-days 30",
    define: (one) =>
      one
        .option("--edge <intervals>", "clocks that are this far off, 7 where it is not said", whole)
        .option("--unseen-days <n>", "tokens not used for so long, 90 where it is not said", whole)
        .option("--expiring-days <n>", "tokens that end within so long, 60 where it is not said", whole)
        .option("--limit <n>", "at most this many in a list", whole),
    input: (_, options) => options,
    show: ({ total, vendors, batches, astray, unseen }) =>
      [
        table([total], counts),
        table(vendors, { maker: (row) => row.vendor || "?", ...counts }),
        table(batches, {
          import: (row) => row.importId,
          maker: (row) => row.vendor || "?",
          of: (row) => day(row.importedAt),
          ...counts,
          "mean drift": (row) => row.clocks?.mean,
          from: (row) => row.clocks?.least,
          to: (row) => row.clocks?.most,
        }),
        `Clocks far off:\n${table(astray, remarkable)}`,
        `Not used:\n${table(unseen, remarkable)}`,
      ].join("\n\n"),
  }),
  verb<"token drift", { import?: string }>({
    path: "token drift",
    command: "token drift",
    summary: "where a token's clock, or those of an import, stood over time, in intervals",
    example: "countersign token drift 2600124809778",
    define: (one) => one.argument("[serial]").option("--import <id>", "of the tokens that this import brought"),
    input: ([serial = ""], { import: importId }) => (importId === undefined ? { serial } : { importId }),
    show: (found) =>
      "serial" in found
        ? table(found.drift, { day: (row) => day(row.day), drift: (row) => row.drift })
        : table(found.drift, {
            day: (row) => day(row.day),
            tokens: (row) => row.tokens,
            mean: (row) => row.mean,
            from: (row) => row.least,
            to: (row) => row.most,
          }),
  }),
];
