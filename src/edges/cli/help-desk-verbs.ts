import { inGroups } from "#core/methods/one-time.ts";
import { details, lines, time } from "./output.ts";
import { whole, why, type Why } from "./people-verbs.ts";
import { verb, type Verb } from "./verb.ts";

/** What the help desk does for someone who cannot sign in, and what a person may ask for about themselves. */

export const helpDeskVerbs: Verb[] = [
  verb<"user reset-password", Why & { passwordFile?: string }>({
    path: "user reset-password",
    command: "user reset-password",
    summary: "give a person a password for once: they choose their own at the next sign-in",
    example: "countersign user reset-password anna --reason 'forgotten, called back'",
    define: (one) =>
      why(one.argument("<username>")).option(
        "--password-file <file>",
        "the password; - is standard input; none: one is made and shown once",
      ),
    input: async ([username = ""], { passwordFile, reason }, read) => ({
      username,
      reason,
      password: passwordFile === undefined ? undefined : await read(passwordFile),
    }),
    show: ({ password }) =>
      password === undefined ? "The password is set." : `${details({ password })}\nThe password is shown this once.`,
  }),
  verb<"user require-registration", Why & { window?: number }>({
    path: "user require-registration",
    command: "user require-registration",
    summary: "take all methods away: the person registers anew, with a Temporary Access Pass or within a window",
    example: "countersign user require-registration anna --reason 'lost phone, identity checked'",
    define: (one) =>
      why(one.argument("<username>")).option(
        "--window <hours>",
        "for so long the password alone is enough to register (never; at most 24)",
        whole,
      ),
    input: ([username = ""], { window, reason }) => ({ username, windowHours: window, reason }),
    show: ({ removed, registerUntil }) =>
      registerUntil === null
        ? `Methods removed: ${removed.length}. To register, the person needs a pass: countersign user tap.`
        : `Methods removed: ${removed.length}. The password alone is enough to register until ${time(registerUntil)}.`,
  }),
  verb<"user tap", Why & { hours?: number }>({
    path: "user tap",
    command: "user tap",
    summary: "issue a Temporary Access Pass: it lets a person in once, to register a method",
    example: "countersign user tap anna --hours 2 --reason 'new phone, identity checked'",
    define: (one) =>
      why(one.argument("<username>")).option("--hours <n>", "how long it is good (1, at most 24)", whole),
    input: ([username = ""], { hours, reason }) => ({ username, hours, reason }),
    show: ({ pass, expiresAt }) =>
      `${details({ pass: inGroups(pass, 5), "good until": time(expiresAt) })}\nThe pass is shown this once.`,
  }),
  verb<"user revoke-sessions", Why>({
    path: "user revoke-sessions",
    command: "user revoke-sessions",
    summary: "sign a person out everywhere",
    example: "countersign user revoke-sessions anna --reason 'laptop stolen'",
    define: (one) => why(one.argument("<username>")),
    input: ([username = ""], { reason }) => ({ username, reason }),
    show: ({ ended }) => `Sessions ended: ${ended.length}`,
  }),
  verb<"user revoke-devices", Why>({
    path: "user revoke-devices",
    command: "user revoke-devices",
    summary: "forget the browsers in which a person may skip the second step",
    example: "countersign user revoke-devices anna --reason 'laptop stolen'",
    define: (one) => why(one.argument("<username>")),
    input: ([username = ""], { reason }) => ({ username, reason }),
    show: ({ forgotten }) => `Browsers forgotten: ${forgotten.length}`,
  }),
  verb<"user export">({
    path: "user export",
    command: "user export",
    summary: "print everything that is held about a person, secrets excepted, as JSON",
    example: "countersign user export anna > anna.json",
    define: (one) => one.argument("<username>", "or the id of someone who was removed"),
    input: ([username = ""]) => ({ username }),
    show: (held) => lines(JSON.stringify(held, null, 2)),
  }),
  verb<"user erase", { yes: true; reason: string }>({
    path: "user erase",
    command: "user erase",
    summary: "remove a person and everything personal in the log; it cannot be undone",
    example: "countersign user erase anna --reason 'asked for it' --yes",
    define: (one) =>
      one
        .argument("<username>", "or the id of someone who was removed")
        .requiredOption("--reason <text>", "why, for the log")
        .requiredOption("--yes", "do it"),
    input: ([username = ""], { reason }) => ({ username, reason }),
    show: ({ id }) => `${id} is erased.`,
  }),
];
