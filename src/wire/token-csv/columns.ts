/**
 * What the columns of a token table mean: the cloud's header, vendors' and spreadsheets' own words, and tables without a
 * header. Must stay true: a column that could be the secret by two names is refused, never chosen.
 */

import { TokenFileError } from "../token-row.ts";

const columns = [
  "serial",
  "secret",
  "base32",
  "hex",
  "interval",
  "username",
  "manufacturer",
  "model",
  "digits",
  "algorithm",
  "type",
  "counter",
  "starts",
  "expires",
  "ignored",
] as const;
export type Column = (typeof columns)[number];

/** Words as they are compared: small letters and digits, nothing between them. */
const names: Record<Exclude<Column, "ignored">, string[]> = {
  serial: [
    "serialnumber",
    "serial",
    "serialno",
    "sn",
    "tokenserial",
    "tokenserialnumber",
    "deviceserial",
    "deviceserialnumber",
    "tokenid",
    "devicesn",
  ],
  secret: [
    "secretkey",
    "secret",
    "seed",
    "key",
    "otpkey",
    "oathsecret",
    "oathkey",
    "oathseed",
    "tokenkey",
    "sharedsecret",
    "seedvalue",
    "otpseed",
    "tokenseed",
  ],
  base32: ["secretbase32", "base32", "base32secret", "secretkeybase32", "seedbase32", "base32seed", "oathsecretbase32"],
  hex: [
    "secrethex",
    "hex",
    "hexsecret",
    "secretkeyhex",
    "seedhex",
    "hexseed",
    "keyhex",
    "hexkey",
    "secrethexadecimal",
    "seedhexadecimal",
  ],
  interval: [
    "timeinterval",
    "interval",
    "period",
    "timestep",
    "step",
    "timeperiod",
    "otpinterval",
    "otpperiod",
    "timeintervalseconds",
    "intervalseconds",
    "periodseconds",
    "timestepseconds",
    "timestepsec",
  ],
  username: ["upn", "username", "user", "userprincipalname", "owner", "userid", "assignedto"],
  manufacturer: ["manufacturer", "maker", "vendor", "brand"],
  model: ["model", "devicemodel", "tokenmodel", "devicetype", "producttype", "product"],
  digits: ["digits", "otplength", "codelength", "otpdigits", "length", "numberofdigits"],
  algorithm: ["algorithm", "hash", "hashalgorithm", "hmac", "hashfunction", "otphash"],
  type: ["type", "tokentype", "oathtype", "otptype", "mode"],
  counter: ["counter", "eventcounter", "movingfactor", "initialcounter", "hotpcounter", "syncvalue"],
  starts: ["startdate", "validfrom", "notbefore"],
  expires: ["expirydate", "expirationdate", "expires", "expiry", "validuntil", "validto", "enddate", "notafter"],
};
const byName = new Map(
  Object.entries(names).flatMap(([column, words]) => words.map((word) => [word, column as Column])),
);
/** What our own error file adds, and what says nothing about the token. */
const ignored = new Set([
  "line",
  "reason",
  "verdict",
  "comment",
  "comments",
  "note",
  "notes",
  "name",
  "id",
  "state",
  "status",
  "batch",
  "batchnumber",
  "lot",
  "order",
  "ordernumber",
  "productiondate",
  "manufacturingdate",
  "firmware",
]);

export const secretColumns: readonly Column[] = ["secret", "base32", "hex"];

const word = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

/** The first row as a header; undefined when it is a token already. */
export function readHeader(fields: string[]): Column[] | undefined {
  const found = fields.map(
    (field) => byName.get(word(field)) ?? (ignored.has(word(field)) ? ("ignored" as const) : undefined),
  );
  if (found.every((column) => column === undefined)) return undefined;
  const unknown = found.indexOf(undefined);
  if (unknown >= 0)
    throw new TokenFileError(`line 1: unknown column ${JSON.stringify(fields[unknown]!.trim().slice(0, 100))}`);
  const read = found as Column[];
  const twice = read.find((column, index) => column !== "ignored" && read.indexOf(column) !== index);
  if (twice) throw new TokenFileError(`line 1: two columns are the ${twice}`);
  const secrets = read.filter((column) => secretColumns.includes(column));
  if (secrets.length > 1) throw new TokenFileError("line 1: more than one column holds a secret");
  if (secrets.length === 0) throw new TokenFileError("line 1: no column holds the secret");
  if (!read.includes("serial")) throw new TokenFileError("line 1: no column holds the serial number");
  return read;
}

/** A table without a header is serial, secret, interval, as the server that this one succeeds read it; or the first two. */
export const bareColumns: Column[] = ["serial", "secret", "interval"];
