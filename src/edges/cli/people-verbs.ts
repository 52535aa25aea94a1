import { InvalidArgumentError, Option, type Command } from "commander";
import { AppError } from "#core/errors.ts";
import { details, table, time } from "./output.ts";
import { verb, type Verb } from "./verb.ts";

/** People and their methods. */

export const whole = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("a whole number is needed");
  return Number(text);
};

/** Those of actions/person-fields.ts, of which a command loads nothing. */
const columns =
  "username, display_name, first_name, last_name, email, mobile_phone, backup_phone, phone_extension, language, " +
  "groups (a;b), state, password, oath_secret_base32, in any order, those that you need";

type Details = {
  displayName?: string;
  firstName?: string;
  lastName?: string;
  email?: string;
  mobilePhone?: string;
  backupPhone?: string;
  phoneExtension?: string;
  language?: string;
  groups?: string[];
};
type UserAdd = Details & { state?: string; passwordFile?: string; text?: boolean };

type Page = { after?: string; limit?: number; phoneOnly?: true };

/** Why it is done: kept beside the log's entry, where it can be erased. */
export type Why = { reason?: string };
export const why = (one: Command): Command => one.option("--reason <text>", "why, for the log");

type State = "enabled" | "disabled" | "enforced";
const setState = (path: string, { state, summary }: { state: State; summary: string }): Verb =>
  verb<"user set-state", Why>({
    path,
    command: "user set-state",
    summary,
    example: `countersign ${path} anna`,
    define: (one) => why(one.argument("<username>")),
    input: ([username = ""], { reason }) => ({ username, state, reason }),
    show: (result) => `The account is ${result.state}.`,
  });

const detailOptions = (one: Command): Command =>
  one
    .option("--display-name <name>", "what pages and applications call the person")
    .option("--first-name <name>", "for records, where records.first-and-last-name is on")
    .option("--last-name <name>", "the same")
    .option("--email <address>", "where notices and codes for a forgotten password go")
    .option("--mobile-phone <number>", "with + and country code, or as phone.default-country writes it")
    .option("--backup-phone <number>", "for calls, where nobody answers at the first")
    .option("--phone-extension <digits>", "12, or @12 where an operator is asked")
    .option("--language <tag>", "en or sv")
    .option("--groups <group...>", "all of them; those that are not named are left");

const readDetails = (options: Details) => ({
  display_name: options.displayName,
  first_name: options.firstName,
  last_name: options.lastName,
  email: options.email,
  mobile_phone: options.mobilePhone,
  backup_phone: options.backupPhone,
  phone_extension: options.phoneExtension,
  language: options.language,
  groups: options.groups?.join(";"),
});

const users: Verb[] = [
  verb<"user add", UserAdd>({
    path: "user add",
    command: "user add",
    summary: "add a person",
    example: "countersign user add anna --mobile-phone '+46 70 123 45 67' --password-file -",
    define: (one) =>
      detailOptions(one.argument("<username>"))
        .addOption(new Option("--state <state>").choices(["disabled", "enabled", "enforced"]))
        .option("--password-file <file>", "the local password; - is standard input")
        .option("--text", "texts to the mobile number are a method (so it is when there is a number)")
        .option("--no-text", "the mobile number is no method"),
    input: async ([username = ""], options, read) => ({
      username,
      ...readDetails(options),
      state: options.state,
      password: options.passwordFile && (await read(options.passwordFile)),
      text: options.text,
    }),
    show: ({ id, username, methods }) => details({ added: username, id, methods }),
  }),
  verb<"user set", Why & Details>({
    path: "user set",
    command: "user set",
    summary: "change what is kept of a person; '' takes it away. Methods keep their numbers: method add-phone",
    example: "countersign user set anna --email anna.berg@example.org --groups finance vpn --reason 'new name'",
    define: (one) => why(detailOptions(one.argument("<username>"))),
    input: ([username = ""], { reason, ...options }) => ({ username, reason, fields: readDetails(options) }),
    show: (result) => (result.changed.length === 0 ? "It is so already." : `Changed: ${result.changed.join(", ")}`),
  }),
  verb<"user import">({
    path: "user import",
    command: "user import",
    summary: "import people from a CSV file, all of them or none",
    example: "countersign user import people.csv",
    define: (one) =>
      one
        .argument("<file>", `columns: ${columns}; - is standard input`)
        .option("--progress", "say how far it is, also when standard error is not a terminal"),
    input: () => ({}),
    file: ([file = ""]) => file,
    show: ({ rows, accepted, refused, error }) => {
      if (!error) return `${accepted} people imported, ${refused} refused.`;
      const bad = rows.filter((row) => row.verdict === "refused");
      // a file that is refused as a whole has none, and its reason is said
      return bad.length === 0
        ? ""
        : table(bad, { line: (row) => row.line, username: (row) => row.username, refused: (row) => row.reason });
    },
  }),
  verb<"user list", Page>({
    path: "user list",
    command: "user list",
    summary: "list people by name, a page at a time",
    example: "countersign user list --limit 50 --after karin",
    define: (one) =>
      one
        .option("--after <name>", "begin after this name")
        .option("--limit <n>", "at most this many", whole)
        .option("--phone-only", "people who have texts and calls, and no other method"),
    input: (_, options) => ({ after: options.after, limit: options.limit, phoneOnly: options.phoneOnly }),
    show: ({ people, next }) =>
      [
        table(people, {
          username: (row) => row.username,
          name: (row) => row.displayName,
          state: (row) => row.state,
          methods: (row) => row.methods,
        }),
        ...(next === undefined ? [] : [`There are more: --after ${next}`]),
      ].join("\n"),
  }),
  verb<"user show", Why & { reveal?: "phone" }>({
    path: "user show",
    command: "user show",
    summary: "show a person, numbers masked",
    example: "countersign user show anna --reveal phone --reason 'called back, ticket 4711'",
    define: (one) =>
      why(one.argument("<username>")).addOption(
        new Option("--reveal <what>", "numbers whole; needs --reason, and is in the log").choices(["phone"]),
      ),
    input: ([username = ""], { reveal, reason }) => ({ username, reveal, reason }),
    show: ({ nameKey: _nameKey, createdAt, blockedUntil, hasPassword, methods, ...person }) =>
      details({
        ...person,
        blockedUntil: time(blockedUntil),
        password: hasPassword ? "set" : "none",
        methods: methods.map(({ method, name, sentTo }) => [name ?? method, sentTo].filter(Boolean).join(" ")),
        created: time(createdAt),
      }),
  }),
  verb<"user remove", Why>({
    path: "user remove",
    command: "user remove",
    summary: "remove a person with their methods; the log keeps what happened",
    example: "countersign user remove anna",
    define: (one) => why(one.argument("<username>")),
    input: ([username = ""], { reason }) => ({ username, reason }),
    show: ({ id }) => `${id} is removed.`,
  }),
  verb<"user set-password", Why & { passwordFile: string }>({
    path: "user set-password",
    command: "user set-password",
    summary: "set a person's local password",
    example: "countersign user set-password anna --password-file - < password.txt",
    define: (one) => why(one.argument("<username>").requiredOption("--password-file <file>", "- is standard input")),
    input: async ([username = ""], options, read) => ({
      username,
      reason: options.reason,
      password: await read(options.passwordFile),
    }),
    show: () => "The password is set.",
  }),
  verb<"user pin", Why & { pinFile?: string; generate?: boolean; expire?: boolean }>({
    path: "user pin",
    command: "user pin",
    summary: "give a person a PIN, which they change at the first use, or have them choose a new one",
    example: "countersign user pin anna --generate",
    define: (one) =>
      why(
        one
          .argument("<username>")
          .option("--pin-file <file>", "this one; - is standard input")
          .addOption(new Option("--generate", "one by chance, shown this once").conflicts("pinFile"))
          .addOption(
            new Option("--expire", "the present one must be changed at the next use").conflicts([
              "pinFile",
              "generate",
            ]),
          ),
      ),
    input: async ([username = ""], { reason, pinFile, generate, expire }, read) => {
      if (pinFile !== undefined) return { username, reason, how: "set", pin: await read(pinFile) };
      if (!generate && !expire) throw new AppError("usage", "one of --pin-file, --generate and --expire is needed");
      return { username, reason, how: expire ? "expire" : "generate" };
    },
    show: ({ pin }) => (pin === undefined ? "Done. The person chooses a PIN at the next use." : details({ pin })),
  }),
  setState("user enable", { state: "enabled", summary: "let a person sign in again" }),
  setState("user enforce", { state: "enforced", summary: "ask a person for two steps wherever that can be asked" }),
  setState("user disable", { state: "disabled", summary: "refuse every sign-in of a person" }),
];

type AddPhone = Why & {
  by: "text" | "call" | "reply";
  number: string;
  backupNumber?: string;
  name?: string;
};
type AddApp = Why & {
  name?: string;
  secretFile?: string;
  digits?: "6" | "7" | "8";
  period?: "30" | "60";
  algorithm?: "sha1" | "sha256" | "sha512";
};

const listMethods = (path: string): Verb =>
  verb<"method list">({
    path,
    command: "method list",
    summary: "list a person's methods",
    example: `countersign ${path} anna`,
    define: (one) => one.argument("<username>"),
    input: ([username = ""]) => ({ username }),
    show: ({ methods: found }) =>
      table(found, {
        id: (row) => row.id,
        method: (row) => row.method,
        name: (row) => row.name,
        to: (row) => row.sentTo,
        "last used": (row) => time(row.lastUsedAt),
        "wrong answers": (row) => (row.fails === 0 ? "" : row.fails),
        "locked until": (row) => time(row.lockedUntil),
      }),
  });

const unlock = (path: string): Verb =>
  verb<"method unlock", Why>({
    path,
    command: "method unlock",
    summary: "forget the wrong answers that lock a method, or all of a person's",
    example: `countersign ${path} anna`,
    define: (one) => why(one.argument("<username>").argument("[method]", "its id, name or kind (totp, sms)")),
    input: ([username = "", method], { reason }) => ({ username, method, reason }),
    show: ({ unlocked }) => `Unlocked: ${unlocked.join(", ")}`,
  });

const methods: Verb[] = [
  listMethods("method list"),
  listMethods("user methods"),
  unlock("method unlock"),
  unlock("user unlock"),
  verb<"method add-app", AddApp>({
    path: "method add-app",
    command: "method add-app",
    summary: "hand out an authenticator app or a token that shows codes; it counts at once",
    example: "countersign method add-app anna --name 'work phone'",
    define: (one) =>
      why(one.argument("<username>"))
        .option("--name <name>", "what the person and lists call it")
        .option("--secret-file <file>", "the Base32 secret of an existing token; - is standard input")
        .addOption(new Option("--digits <n>").choices(["6", "7", "8"]))
        .addOption(new Option("--period <seconds>").choices(["30", "60"]))
        .addOption(new Option("--algorithm <hash>").choices(["sha1", "sha256", "sha512"])),
    input: async ([username = ""], { name, reason, secretFile, digits, period, algorithm }, read) => ({
      username,
      name,
      reason,
      secret: secretFile === undefined ? undefined : await read(secretFile),
      digits: digits === undefined ? undefined : (Number(digits) as 6 | 7 | 8),
      period: period === undefined ? undefined : (Number(period) as 30 | 60),
      algorithm,
    }),
    show: ({ id, username, secretBase32, uri }) =>
      details({
        added: id,
        for: username,
        secret: secretBase32,
        uri,
        ...(uri !== undefined && { "": "The secret is shown this once." }),
      }),
  }),
  verb<"method add-phone", AddPhone>({
    path: "method add-phone",
    command: "method add-phone",
    summary: "let a person be called, texted, or texted and answer by text; it counts at once",
    example:
      "countersign method add-phone anna --by call --number '+46 8 463 00 00 x890' --backup-number '+46 70 174 06 35'",
    define: (one) =>
      why(one.argument("<username>"))
        .addOption(new Option("--by <how>", "how it is used").choices(["text", "call", "reply"]).makeOptionMandatory())
        .requiredOption("--number <number>", "for calls an extension may follow after an x")
        .option("--backup-number <number>", "calls: what is called when nobody answers at the first")
        .option("--name <name>", "what the person and lists call it"),
    input: ([username = ""], { by, number, backupNumber, name, reason }) => ({
      username,
      by,
      number,
      backupNumber,
      name,
      reason,
    }),
    show: ({ id, username, method, sentTo }) => details({ added: id, for: username, method, to: sentTo }),
  }),
  verb<"method remove", Why>({
    path: "method remove",
    command: "method remove",
    summary: "take a method away from a person",
    example: "countersign method remove anna sms",
    define: (one) => why(one.argument("<username>").argument("<method>", "its id, name or kind (totp, sms, voice)")),
    input: ([username = "", method = ""], { reason }) => ({ username, method, reason }),
    show: ({ id }) => `${id} is removed.`,
  }),
];

export const peopleVerbs: Verb[] = [...users, ...methods];
