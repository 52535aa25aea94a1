import { Option, type Command } from "commander";
import { details, table, time } from "./output.ts";
import { verb, type Verb } from "./verb.ts";

/** Applications that sign people in with OpenID Connect, and the keys that sign what they are told. */

type Fields = {
  redirectUri?: string[];
  postLogoutUri?: string[];
  groups?: string[];
  strength?: "password" | "mfa" | "phishing-resistant";
  logoUri?: string;
  multipleauthn?: boolean;
  backchannelLogoutUri?: string;
  allowIntranet?: boolean;
  idTokenAlg?: "ES256" | "RS256";
};

const withFields = (one: Command): Command =>
  one
    .option("--post-logout-uri <uri...>", "exact addresses to go to after signing out")
    .option("--groups <group...>", "whom it is for (everybody)")
    .addOption(
      new Option("--strength <strength>", "what signing in takes").choices(["password", "mfa", "phishing-resistant"]),
    )
    .option("--logo-uri <uri>", "its logo")
    .option("--multipleauthn", "say multipleauthn in amr when more than one factor was verified, as Microsoft's do")
    .option("--backchannel-logout-uri <uri>", "where it is told that someone has signed out")
    .option("--allow-intranet", "that address may be in the own network")
    .addOption(new Option("--id-token-alg <alg>", "how its tokens are signed").choices(["ES256", "RS256"]));

const fieldsOf = (options: Fields) => ({
  redirectUris: options.redirectUri,
  postLogoutUris: options.postLogoutUri,
  groups: options.groups,
  strength: options.strength,
  logoUri: options.logoUri,
  multipleauthn: options.multipleauthn,
  backchannelLogoutUri: options.backchannelLogoutUri,
  intranet: options.allowIntranet,
  idTokenAlg: options.idTokenAlg,
});

type Shown = {
  id: string;
  name: string;
  isPublic: boolean;
  redirectUris: string[];
  postLogoutUris: string[];
  backchannelLogoutUri: string | null;
  groups: string[];
  strength: string;
  logoUri?: string | undefined;
  multipleauthn: boolean;
  intranet: boolean;
  idTokenAlg: string;
  secret?: string;
};
const fieldLines = (app: Shown) =>
  details({
    application: app.name,
    "client id": app.id,
    secret: app.secret ?? (app.isPublic ? "none: public" : undefined),
    "redirect uris": app.redirectUris,
    "post-logout uris": app.postLogoutUris,
    "back-channel logout": app.backchannelLogoutUri,
    groups: app.groups.length > 0 ? app.groups : "everybody",
    strength: app.strength,
    logo: app.logoUri,
    multipleauthn: app.multipleauthn ? "yes" : undefined,
    intranet: app.intranet ? "yes" : undefined,
    "token signing": app.idTokenAlg,
  });
const withSecret = (app: Shown) =>
  [fieldLines(app), ...(app.secret === undefined ? [] : ["The secret is shown this once."])].join("\n");

export const applicationVerbs: Verb[] = [
  verb<"application add", Fields & { name: string; redirectUri: string[]; public?: boolean }>({
    path: "application add",
    command: "application add",
    summary: "let an application sign people in with OpenID Connect",
    example: "countersign application add --name wiki --redirect-uri https://wiki.example/callback --groups staff",
    define: (one) =>
      withFields(
        one
          .requiredOption("--name <name>")
          .requiredOption("--redirect-uri <uri...>", "exact addresses that browsers are sent back to")
          .option("--public", "it can keep no secret: a program on people's devices, or a page"),
      ),
    input: (_, options) => ({
      ...fieldsOf(options),
      name: options.name,
      redirectUris: options.redirectUri,
      isPublic: options.public,
    }),
    show: withSecret,
  }),
  verb<"application set", Fields & { newSecret?: boolean }>({
    path: "application set",
    command: "application set",
    summary: "change an application: what is not named stays as it is",
    example: "countersign application set wiki --strength phishing-resistant",
    define: (one) =>
      withFields(one.argument("<name>").option("--redirect-uri <uri...>", "all of its addresses"))
        .option("--no-multipleauthn")
        .option("--no-allow-intranet")
        .option("--new-secret", "make a new secret; the old one ends at once"),
    input: ([name = ""], options) => ({ name, newSecret: options.newSecret, ...fieldsOf(options) }),
    show: withSecret,
  }),
  verb<"application list">({
    path: "application list",
    command: "application list",
    summary: "list applications",
    example: "countersign application list",
    input: () => ({}),
    show: ({ applications }) =>
      table(applications, {
        name: (row) => row.name,
        "client id": (row) => row.id,
        strength: (row) => row.strength,
        groups: (row) => row.groups,
        "redirect uris": (row) => row.redirectUris,
      }),
  }),
  verb<"application show">({
    path: "application show",
    command: "application show",
    summary: "show one application",
    example: "countersign application show wiki",
    define: (one) => one.argument("<name>"),
    input: ([name = ""]) => ({ name }),
    show: fieldLines,
  }),
  verb<"application remove">({
    path: "application remove",
    command: "application remove",
    summary: "let an application sign nobody in any more",
    example: "countersign application remove wiki",
    define: (one) => one.argument("<name>"),
    input: ([name = ""]) => ({ name }),
    show: ({ name }) => `${name} is removed.`,
  }),
  verb<"oidc rotate-keys">({
    path: "oidc rotate-keys",
    command: "oidc rotate-keys",
    summary: "publish the next signing keys, which take over after a day",
    example: "countersign oidc rotate-keys",
    input: () => ({}),
    show: ({ signsFrom }) => `The next keys are published; they sign from ${time(signsFrom)}.`,
  }),
];
