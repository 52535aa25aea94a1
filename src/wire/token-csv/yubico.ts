/**
 * The configuration log that Yubico's programming tool writes ("traditional format"): event, time, slot, public id, private id,
 * key in hexadecimal, two access codes, …, the number of digits. Rows of other kinds are no OATH tokens and are passed over.
 */

import type { CsvRow } from "../csv/read.ts";
import type { FileRow } from "../token-row.ts";

const kinds = ["LOGGING START", "OATH-HOTP", "Yubico OTP", "Static Password", "Challenge-Response"];

export const isYubicoLog = (fields: string[]): boolean => kinds.includes(fields[0]!.trim()) && fields.length > 1;

export function readYubicoRow({ line, fields }: CsvRow): FileRow | undefined {
  const [kind, , slot, publicId, , key] = fields.map((field) => field.trim());
  if (kind !== "OATH-HOTP") return undefined;
  const serial = (publicId ?? "").slice(0, 256);
  const shown = fields.map((field, index) => (index < 4 ? field : ""));
  if (serial === "")
    return { line, serial, reason: "public id: is empty, so the key has no serial number", fields: shown };
  if (!key) return { line, serial, reason: "secret: is empty", fields: shown };
  const digits = Number(fields[11]);
  return {
    line,
    serial,
    secret: { text: key, encoding: "hex" },
    type: "hotp",
    digits: digits >= 6 && digits <= 8 ? digits : 6,
    counter: 0,
    manufacturer: "Yubico",
    model: slot ? `YubiKey, slot ${slot}`.slice(0, 100) : "YubiKey",
    warnings: [],
    fields: shown,
  };
}
