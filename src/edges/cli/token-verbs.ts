import { Option, type Command } from "commander";
import { AppError } from "#core/errors.ts";
import type { TokenFit } from "#core/token-proof.ts";
import type { CommandResult } from "./commands.ts";
import { table, time } from "./output.ts";
import { date } from "./system-verbs.ts";
import { whole, why, type Why } from "./people-verbs.ts";
import { verb, type ReadSecret, type Verb } from "./verb.ts";

/** Hardware tokens. */

type Import = {
  format?: "auto" | "pskc" | "csv";
  keyHexFile?: string;
  passphraseFile?: string;
  privateKeyFile?: string;
  signedBy?: string;
  type?: "totp" | "hotp";
  algorithm?: "sha1" | "sha256" | "sha512";
  digits?: string;
  period?: string;
  encoding?: "base32" | "hex";
  allowLegacyMac?: boolean;
  goodRowsOnly?: boolean;
  dryRun?: boolean;
  errors?: string;
  prove?: string;
};

function readProof(text: string) {
  const [, serial, first, second] = /^(.+)=(\d{6,8}),(\d{6,8})$/.exec(text) ?? [];
  if (serial === undefined || first === undefined || second === undefined)
    throw new AppError("usage", "--prove: write the serial number and two codes as SERIAL=CODE,CODE");
  return { serial, first, second };
}

const fitting = ({ type, algorithm, digits, period, encoding }: TokenFit): string =>
  `The codes fit: --type ${type} --algorithm ${algorithm} --digits ${digits}${period ? ` --period ${period}` : ""}${encoding ? ` --encoding ${encoding}` : ""}`;

type Search = {
  serial?: string;
  vendor?: string;
  user?: string;
  state?: "available" | "assigned" | "activated" | "lost" | "revoked";
  import?: string;
  expiresBefore?: number;
  after?: string;
  limit?: number;
};

const filterOf = (one: Command): Command =>
  one
    .option("--serial <part>", "those whose serial number holds this")
    .option("--vendor <name>", "those of this maker")
    .option("--user <username>")
    .addOption(new Option("--state <state>").choices(["available", "assigned", "activated", "lost", "revoked"]))
    .option("--import <id>", "those that this import brought")
    .option("--expires-before <date>", "those that end, or have ended, before this day (2027-01-31)", date);
const filtered = ({ serial, user, import: importId, ...given }: Omit<Search, "after" | "limit">) => ({
  ...given,
  part: serial,
  username: user,
  importId,
});

type Ending = "token unassign" | "token lost" | "token revoke";
const end = (path: Ending, { summary, shown }: { summary: string; shown: string }): Verb =>
  verb<Ending, Why>({
    path,
    command: path,
    summary,
    example: `countersign ${path} 2600124809778`,
    define: (one) => why(one.argument("<serial>")),
    input: ([serial = ""], { reason }) => ({ serial, reason }),
    show: ({ serial }) => `${serial} ${shown}`,
  });

type Assign = { file?: string; goodRowsOnly?: boolean; dryRun?: boolean; errors?: string };

type Assigned = Extract<CommandResult<"token assign">, { rows: unknown }>;
function showAssigned({ rows, accepted, refused, notes = [], error }: Assigned): string {
  const told = rows.filter(({ reason, warnings }) => reason !== undefined || warnings);
  const verdicts = {
    line: (row: (typeof rows)[number]) => row.line,
    serial: (row: (typeof rows)[number]) => row.serial,
    person: (row: (typeof rows)[number]) => row.username,
    verdict: (row: (typeof rows)[number]) => row.verdict,
    why: (row: (typeof rows)[number]) => row.reason ?? row.warnings,
  };
  const outcome = error ? [] : [`${accepted} rows good, ${refused} refused.`];
  return [...(told.length > 0 ? [table(told, verdicts)] : []), ...notes, ...outcome].join("\n");
}

/** Codes, or - for those on standard input; a third one is wanted where a wide search is set. */
const codesOf = (one: Command, next: string): Command =>
  why(
    one
      .argument("<code>", "- reads the codes from standard input, a line each")
      .argument("[code2]", next)
      .argument("[code3]", "the one after that"),
  );
async function readCodes(given: string[], read: ReadSecret): Promise<string[]> {
  const codes = given[0] === "-" ? (await read("-")).split(/\s+/) : given;
  return codes.filter((one) => one !== "");
}
const inStep = ({ method, drift }: { method: string; drift: number }): string => {
  const off = `${Math.abs(drift)} intervals ${drift > 0 ? "ahead" : "behind"}`;
  return `is in step again${method === "totp" && drift !== 0 ? `; its clock is ${off}` : ""}.`;
};

const life: Verb[] = [
  verb<"token assign", Why & Assign>({
    path: "token assign",
    command: "token assign",
    summary: "give a token to a person, or many by a table; their codes count once they are activated",
    example: "countersign token assign 2600124809778 anna",
    define: (one) =>
      why(one.argument("[serial]").argument("[username]"))
        .option("--file <csv>", "a table of serial, username; - is standard input")
        .option("--good-rows-only", "of a table: take what is good and leave the rest")
        .option("--dry-run", "of a table: judge every row and give nothing out")
        .option("--errors <file>", "of a table: write the refused rows there, with line and reason")
        .option("--progress", "say how far it is, also when standard error is not a terminal"),
    input: ([serial, username], { file, goodRowsOnly, dryRun, errors, reason }) => {
      if (file !== undefined && serial === undefined)
        return { table: { goodRowsOnly, dryRun, errors: errors === undefined ? undefined : true } };
      if (file !== undefined || serial === undefined || username === undefined)
        throw new AppError("usage", "name a token and a person, or a table with --file");
      return { serial, username, reason };
    },
    file: (_, { file }) => file,
    saveTo: ({ errors }) => errors,
    show: (done) =>
      "rows" in done
        ? showAssigned(done)
        : `${done.serial} is assigned to ${done.username}; activate it with a code that it shows.`,
  }),
  verb<"token activate", Why>({
    path: "token activate",
    command: "token activate",
    summary: "activate an assigned token by a code that it shows, or by two in a row",
    example: "countersign token activate 2600124809778 492039",
    define: (one) => codesOf(one.argument("<serial>"), "the next one: where it counts, or its clock has gone astray"),
    input: async ([serial = "", ...codes], { reason }, read) => ({
      serial,
      codes: await readCodes(codes, read),
      reason,
    }),
    show: ({ serial, username }) => `${serial} is activated for ${username}.`,
  }),
  verb<"token resync", Why>({
    path: "token resync",
    command: "token resync",
    summary: "find a token again whose codes count no more, by two that it shows in a row",
    example: "countersign token resync 2600124809778 492039 118274",
    define: (one) => codesOf(one.argument("<serial>"), "the next one"),
    input: async ([serial = "", ...codes], { reason }, read) => ({
      serial,
      codes: await readCodes(codes, read),
      reason,
    }),
    show: ({ serial, ...found }) => `${serial} ${inStep(found)}`,
  }),
  verb<"method resync", Why>({
    path: "method resync",
    command: "method resync",
    summary: "find an app or token again whose codes count no more, by two that it shows in a row",
    example: "countersign method resync anna totp 492039 118274",
    define: (one) => codesOf(one.argument("<username>").argument("<method>", "its id, name or kind"), "the next one"),
    input: async ([username = "", method = "", ...codes], { reason }, read) => {
      const shown = await readCodes(codes, read);
      return { username, method, codes: shown, reason };
    },
    show: ({ factorId, ...found }) => `${factorId} ${inStep(found)}`,
  }),
  end("token unassign", { summary: "take a token back from its person", shown: "is available again." }),
  end("token lost", { summary: "report a token lost: its codes count no more", shown: "is reported lost." }),
  end("token revoke", { summary: "end a token for good", shown: "is revoked." }),
];

export const tokenVerbs: Verb[] = [
  ...life,
  verb<"token import", Import>({
    path: "token import",
    command: "token import",
    summary: "import hardware tokens from a PSKC or CSV file, all of them or none",
    example: "countersign token import tokens.pskc.xml --passphrase-file - --dry-run",
    define: (one) =>
      one
        .argument("<file>", "PSKC (RFC 6030), or a table of serial, secret, interval; - is standard input")
        .addOption(new Option("--format <format>", "what the file is").choices(["auto", "pskc", "csv"]))
        .option("--key-hex-file <file>", "the pre-shared key in hexadecimal; - is standard input")
        .option("--passphrase-file <file>", "the passphrase; - is standard input")
        .option("--private-key-file <file>", "the private key (PEM); - is standard input")
        .option("--signed-by <file>", "the certificate (PEM) that the file has to be signed with")
        .addOption(new Option("--type <type>", "where the file does not say").choices(["totp", "hotp"]))
        .addOption(new Option("--algorithm <hash>", "the same").choices(["sha1", "sha256", "sha512"]))
        .addOption(new Option("--digits <n>", "the same").choices(["6", "7", "8"]))
        .addOption(new Option("--period <seconds>", "the same").choices(["30", "60"]))
        .addOption(new Option("--encoding <encoding>", "of secrets that could be both").choices(["base32", "hex"]))
        .option("--prove <serial=code,code>", "two codes that this token shows, one after the other")
        .option("--allow-legacy-mac", "take secrets whose protection is out of date, or missing")
        .option("--good-rows-only", "take what is good and leave the rest")
        .option("--dry-run", "judge every row and keep nothing")
        .option("--errors <file>", "write the refused rows there, in the same columns, without their secrets")
        .option("--progress", "say how far it is, also when standard error is not a terminal"),
    input: async (_, options, read) => {
      const { keyHexFile, passphraseFile, privateKeyFile, signedBy, digits, period, errors, prove, ...given } = options;
      const from = async (path: string | undefined) => (path === undefined ? undefined : await read(path));
      return {
        ...given,
        keyHex: await from(keyHexFile),
        passphrase: await from(passphraseFile),
        privateKey: await from(privateKeyFile),
        signedBy: await from(signedBy),
        digits: digits === undefined ? undefined : (Number(digits) as 6 | 7 | 8),
        period: period === undefined ? undefined : (Number(period) as 30 | 60),
        errors: errors === undefined ? undefined : true,
        prove: prove === undefined ? undefined : readProof(prove),
      };
    },
    file: ([file = ""]) => file,
    saveTo: ({ errors }) => errors,
    show: ({ importId, rows, accepted, refused, notes = [], fits = [], error }) => {
      const told = rows.filter(({ reason, warnings }) => reason !== undefined || warnings);
      const outcome = error
        ? []
        : [`${accepted} tokens ${importId ? `imported (${importId})` : "would be imported"}, ${refused} refused.`];
      const verdicts = {
        line: (row: (typeof rows)[number]) => row.line,
        serial: (row: (typeof rows)[number]) => row.serial,
        verdict: (row: (typeof rows)[number]) => row.verdict,
        why: (row: (typeof rows)[number]) => row.reason ?? row.warnings,
      };
      return [...(told.length > 0 ? [table(told, verdicts)] : []), ...notes, ...fits.map(fitting), ...outcome].join(
        "\n",
      );
    },
  }),
  verb<"token list", Search>({
    path: "token list",
    command: "token list",
    summary: "list tokens by serial number, a page at a time",
    example: "countersign token list --state available",
    define: (one) =>
      filterOf(one).option("--after <place>", "begin after this one").option("--limit <n>", "at most this many", whole),
    input: (_, { after, limit, ...given }) => ({ ...filtered(given), after, limit }),
    show: ({ tokens, next }) =>
      [
        table(tokens, {
          serial: (row) => row.serial,
          maker: (row) => row.manufacturer,
          type: (row) => row.type,
          state: (row) => row.state,
          person: (row) => row.username,
          expires: (row) => time(row.expiresAt),
          import: (row) => row.importId,
        }),
        ...(next === undefined ? [] : [`There are more: --after '${next}'`]),
      ].join("\n"),
  }),
  verb<"token export", Omit<Search, "after" | "limit">>({
    path: "token export",
    command: "token export",
    summary: "write the inventory as a table, without any secret",
    example: "countersign token export tokens.csv --state activated",
    define: (one) => filterOf(one.argument("<file>", "the CSV to write")),
    input: (_, given) => filtered(given),
    writeTo: ([file = ""]) => file,
    show: ({ tokens }) => `${tokens} tokens written.`,
  }),
  verb<"token import undo">({
    path: "token import undo",
    command: "token import undo",
    summary: "take back a whole import while none of its tokens was given to anybody",
    example: "countersign token import undo imp_AZ2vK0xYc1mQ",
    define: (one) => one.argument("<import>", "its id, as the import printed it"),
    input: ([importId = ""]) => ({ importId }),
    show: ({ importId }) => `${importId} is taken back.`,
  }),
];
