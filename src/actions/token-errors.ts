/**
 * The refused rows of a token file as a table to correct: the same columns, and behind them the line and the reason. Must stay
 * true: the secret's column is empty, and no field runs as a formula where the table is opened.
 */

import { csvLine } from "#wire/csv/write.ts";

export type RefusedToken = { serial: string; line: number; reason: string; fields?: string[] | undefined };
export type FileTold = {
  /** the first row of a CSV as it was */
  header: string[];
  refused: RefusedToken[];
};

export function errorFile({ header, refused }: FileTold): string {
  const isTable = refused.some(({ fields }) => fields !== undefined);
  const width = Math.max(header.length, ...refused.map(({ fields }) => fields?.length ?? 0));
  const names = isTable ? Array.from({ length: width }, (_, index) => header[index] ?? "") : ["serial"];
  const rows = refused.map(({ serial, line, reason, fields }) => [
    ...(isTable ? Array.from({ length: width }, (_, index) => fields?.[index] ?? "") : [serial]),
    String(line),
    reason,
  ]);
  return [[...names, "line", "reason"], ...rows].map(csvLine).join("");
}
