import { details, table } from "./output.ts";
import { verb, type Verb } from "./verb.ts";

/** Directories: where people and their passwords are, beside here. */

type Add = { name: string; url: string[]; base: string; bindDn: string; bindPasswordFile: string; caFile?: string };

export const directoryVerbs: Verb[] = [
  verb<"directory add", Add>({
    path: "directory add",
    command: "directory add",
    summary: "let people sign in with their password of a directory (LDAP)",
    example:
      "countersign directory add --name corp --url ldaps://dc1.corp.example --base DC=corp,DC=example --bind-dn countersign@corp.example --bind-password-file -",
    define: (one) =>
      one
        .requiredOption("--name <name>")
        .requiredOption("--url <url...>", "ldaps://HOST, or ldap://HOST with StartTLS; several are asked in this order")
        .requiredOption("--base <dn>", "below which people are")
        .requiredOption("--bind-dn <dn>", "the service account that finds them")
        .requiredOption("--bind-password-file <file>", "its password; - is standard input")
        .option("--ca-file <file>", "who vouches for the servers' certificates, PEM (the public authorities)"),
    input: async (_, { name, url, base, bindDn, bindPasswordFile, caFile }, read) => ({
      name,
      urls: url,
      base,
      bindDn,
      bindPassword: await read(bindPasswordFile),
      ca: caFile === undefined ? undefined : await read(caFile),
    }),
    show: ({ id, name, urls, base }) =>
      [
        details({ added: name, id, servers: urls, base }),
        `Try it: countersign directory test ${name} --user SOMEONE`,
      ].join("\n"),
  }),
  verb<"directory list">({
    path: "directory list",
    command: "directory list",
    summary: "list directories in the order in which they are asked",
    example: "countersign directory list",
    input: () => ({}),
    show: ({ directories }) =>
      table(directories, {
        name: (row) => row.name,
        servers: (row) => row.urls,
        base: (row) => row.base,
        "service account": (row) => row.bindDn,
        "certificates by": (row) => (row.ownCa ? "own CA" : "public authorities"),
      }),
  }),
  verb<"directory test", { user?: string }>({
    path: "directory test",
    command: "directory test",
    summary: "ask every server of a directory, and say what happened and how long it took",
    example: "countersign directory test corp --user anna",
    define: (one) => one.argument("<name>").option("--user <name>", "find this person too; no password is tried"),
    input: ([name = ""], { user }) => ({ name, username: user }),
    show: ({ steps }) =>
      table(steps, {
        server: (row) => row.server,
        step: (row) => row.step,
        "took (ms)": (row) => row.ms,
        result: (row) => row.problem ?? "good",
      }),
  }),
  verb<"directory remove">({
    path: "directory remove",
    command: "directory remove",
    summary: "ask a directory no more; its people stay, without a password",
    example: "countersign directory remove corp",
    define: (one) => one.argument("<name>"),
    input: ([name = ""]) => ({ name }),
    show: ({ name, people }) => `${name} is removed. ${people} people belonged to it.`,
  }),
];
