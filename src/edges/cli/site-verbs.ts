import { Option, type Command } from "commander";
import { AppError } from "#core/errors.ts";
import { details, table } from "./output.ts";
import { verb, type Verb } from "./verb.ts";

/** Web applications that a proxy protects by asking us (forward-auth), and the rules for their paths. */

type Guard = { strength?: Strength; groups?: string[] };
type Strength = (typeof strengths)[number];
const strengths = ["password", "mfa", "phishing-resistant"] as const;

const guarded = (one: Command) =>
  one
    .addOption(new Option("--strength <strength>", "what people prove (mfa)").choices(strengths))
    .option("--groups <group...>", "only members of one of these (everyone)");
const access = ({ strength = "mfa", groups = [] }: Guard) => ({ strength, groups });

type Access = "public" | { strength: string; groups: string[] };
const inWords = (given: Access) =>
  given === "public"
    ? given
    : [given.strength, ...(given.groups.length > 0 ? [given.groups.join(" or ")] : [])].join(", ");

type Shown = { host: string; name: string; rules: { path: string; access: Access; methods?: string[] | undefined }[] };
const showSite = ({ host, name, rules }: Shown) =>
  [details({ site: `https://${host}`, name }), "", showRules(rules)].join("\n");
const showRules = (rules: Shown["rules"]) =>
  table(rules, { path: (row) => row.path, methods: (row) => row.methods ?? "", access: (row) => inWords(row.access) });

type Add = Guard & { host: string; name?: string; public?: string[] };
type SetRule = Guard & { public?: boolean; methods?: string[] };

export const siteVerbs: Verb[] = [
  verb<"site add", Add>({
    path: "site add",
    command: "site add",
    summary: "protect a web application; a proxy in front of it must ask us",
    example: "countersign site add --host reports.example.org --name Reports --public /assets --groups finance",
    define: (one) =>
      guarded(
        one
          .requiredOption("--host <host>", "as people type it, with its port unless that is 443")
          .option("--name <name>", "the name on pages and in records (the host)")
          .option("--public <path...>", "paths that need no sign-in, with everything below them"),
      ),
    input: (_, { host, name, public: open = [], ...guard }) => ({
      host,
      name,
      rules: [{ path: "/", access: access(guard) }, ...open.map((path) => ({ path, access: "public" as const }))],
    }),
    show: showSite,
  }),
  verb<"site list">({
    path: "site list",
    command: "site list",
    summary: "list protected web applications with their rules",
    example: "countersign site list",
    input: () => ({}),
    show: ({ sites }) => (sites.length === 0 ? "none" : sites.map(showSite).join("\n\n")),
  }),
  verb<"site set-rule", SetRule>({
    path: "site set-rule",
    command: "site set-rule",
    summary: "say what a path and everything below it needs",
    example: "countersign site set-rule reports.example.org /admin --strength phishing-resistant --groups admins",
    define: (one) =>
      guarded(
        one
          .argument("<host>")
          .argument("<path>")
          .option("--public", "needs no sign-in")
          .option("--methods <method...>", "with --public: for these methods only"),
      ),
    input: ([host = "", path = ""], { public: open, methods, ...guard }) => ({
      host,
      rule: open ? { path, access: "public", ...(methods && { methods }) } : guardedRule({ path, methods, guard }),
    }),
    show: showSite,
  }),
  verb<"site remove-rule">({
    path: "site remove-rule",
    command: "site remove-rule",
    summary: "forget what is said about a path; the path above it decides then",
    example: "countersign site remove-rule reports.example.org /admin",
    define: (one) => one.argument("<host>").argument("<path>"),
    input: ([host = "", path = ""]) => ({ host, path }),
    show: showSite,
  }),
  verb<"site remove">({
    path: "site remove",
    command: "site remove",
    summary: "let nobody pass to a site any more",
    example: "countersign site remove reports.example.org",
    define: (one) => one.argument("<host>"),
    input: ([host = ""]) => ({ host }),
    show: ({ host }) => `${host} is removed.`,
  }),
];

/** A method only ever opens a path: what a rule guards, it guards for all of them. */
function guardedRule({ path, methods, guard }: { path: string; methods: string[] | undefined; guard: Guard }) {
  if (methods)
    throw new AppError("usage", "--methods goes with --public only: a guarded path is guarded for all methods");
  return { path, access: access(guard) };
}
