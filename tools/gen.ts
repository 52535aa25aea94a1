// npm run gen: writes what is derived from the sources and kept in the repository, so that a change of the API, the
// database or a setting shows in review. `--check` writes nothing and fails when a copy is stale.
import swagger from "@fastify/swagger";
import fastify, { type FastifySchema } from "fastify";
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from "fastify-type-provider-zod";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { helpPath } from "#core/help.ts";
import { pageErrors, type PageErrorName } from "#core/page-errors.ts";
import { results } from "#core/results.ts";
import { settingsSchema } from "#core/settings/index.ts";
import { contract } from "#edges/http/contract.ts";
import { ownContract } from "#edges/me/contract.ts";
import { translate } from "#i18n/translate.ts";
import { configurationKeys } from "../src/config.ts";
import { migrate } from "#store/migrate.ts";
import { openSqlite } from "#store/sqlite.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

type Json = Record<string, unknown>;
type Document = { components: { schemas: Json } };

async function openApi(): Promise<string> {
  const app = fastify();
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Countersign",
        version: "1",
        description:
          "Two-step verification for your own code. Every request is signed: " +
          "`Authorization: Countersign-HMAC-SHA256 key=ID, time=SECONDS, nonce=NONCE, signature=SIGNATURE`, where SIGNATURE is the " +
          "base64url HMAC-SHA256, under the key's secret as it was shown, of five lines joined by line feeds: method, path with " +
          "query, time, nonce, and the SHA-256 of the body in lower-case hexadecimal. Times may differ by 300 s; a nonce (16 to 64 " +
          "characters) is good once.",
      },
      components: {
        securitySchemes: {
          signature: { type: "apiKey", in: "header", name: "Authorization" },
          session: { type: "apiKey", in: "cookie", name: "__Host-countersign" },
        },
      },
      security: [{ signature: [] }],
    },
    transform: createJsonSchemaTransform({ zodToJsonConfig }),
    transformObject: createJsonSchemaTransformObject({ zodToJsonConfig }),
  });
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
  await app.register(async (scope) => {
    for (const { method, url, schema } of [...Object.values(contract), ...Object.values(ownContract)])
      scope.route({ method, url, schema: schema as FastifySchema, handler: () => undefined });
  });
  await app.ready();
  const document = app.swagger() as unknown as Document;
  await app.close();
  return `${JSON.stringify(tidied(document), null, 2)}\n`;
}

/** zod says of every whole number that it is a safe one. */
const zodToJsonConfig = {
  override: ({ jsonSchema }: { jsonSchema: Json }) => {
    if (jsonSchema["minimum"] === Number.MIN_SAFE_INTEGER) delete jsonSchema["minimum"];
    if (jsonSchema["maximum"] === Number.MAX_SAFE_INTEGER) delete jsonSchema["maximum"];
  },
};

/** Each schema comes twice, as request (`…Input`) and as response: the half that is used keeps the plain name. */
function tidied(document: Document): Document {
  const { schemas } = document.components;
  let text = JSON.stringify(document);
  for (const name of Object.keys(schemas)) {
    const twin = `${name}Input`;
    const requested = text.includes(`"#/components/schemas/${twin}"`);
    if (schemas[twin] === undefined) continue;
    if (requested) schemas[name] = schemas[twin];
    delete schemas[twin];
    text = JSON.stringify(document);
  }
  return JSON.parse(text.replaceAll(/(#\/components\/schemas\/\w+)Input"/g, '$1"')) as Document;
}

async function schemaSql(): Promise<string> {
  const db = await openSqlite(":memory:");
  await migrate(db, 0);
  const rows = (await db.transaction((run) =>
    run("select sql from sqlite_schema where sql is not null order by tbl_name, type desc, name", []),
  )) as { sql: string }[];
  await db.close();
  const statements = rows.map(({ sql }) => `${sql};\n`).join("\n");
  return `-- The schema of a new SQLite database, from src/store/migrations. Written by \`npm run gen\`.\n\n${statements}`;
}

type Field = {
  title?: string;
  help?: string;
  default?: unknown;
  type?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
};

function settingsPage(): string {
  const { properties = {} } = z.toJSONSchema(settingsSchema, { io: "input" });
  const rows = Object.entries(properties as Record<string, Field>).map(([name, field]) => {
    const cells = [
      `\`${name}\``,
      `**${field.title}.** ${field.help}`,
      range(field),
      `\`${JSON.stringify(field.default)}\``,
    ];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  return [
    "# Settings",
    "",
    "Everything that may be changed while the system runs; each change is in the audit log. This page is written by",
    "`npm run gen` from the settings' one definition.",
    "",
    "| Name | Meaning | Values | Default |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function configurationPage(): string {
  const rows = configurationKeys().map(({ name, variable, help, values, unset }) => {
    const choices = values.length === 0 ? "" : ` ${values.map((value) => `\`${value}\``).join(", ")}.`;
    return `| \`${name}\` | \`${variable}\` | ${help}${choices} | ${unset} |`;
  });
  return [
    "# Configuration",
    "",
    "What the server must know before it opens its database; everything else is a [setting](settings.md). It stands in a YAML file",
    "that `COUNTERSIGN_CONFIG` names, or in the environment, which goes before the file. A variable with `_FILE` behind its name",
    "(`COUNTERSIGN_DATABASE_URL_FILE`, `COUNTERSIGN_SMTP_PASSWORD_FILE`) names a file that holds the value. Addresses are",
    "`host:port`, `[v6]:port` or `off`; `0.0.0.0` and `[::]` are all of this machine's. A change counts from the next start on, and the",
    "commands need the same configuration. This page is written by `npm run gen`.",
    "",
    "```yaml",
    "# /etc/countersign.yaml, with COUNTERSIGN_CONFIG=/etc/countersign.yaml",
    "data: /var/lib/countersign",
    "public-url: https://mfa.example.org",
    "radius: 10.0.0.2:1812",
    "trusted-proxies: [10.0.0.7]",
    "```",
    "",
    "| In the file | In the environment | Meaning | Without it |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function range({ enum: choices, type, minimum, maximum }: Field): string {
  if (choices) return choices.map((choice) => `\`${choice}\``).join(", ");
  if (minimum !== undefined) return `${minimum} to ${maximum}`;
  return { boolean: "true, false", array: "list", integer: "whole number" }[type ?? ""] ?? "text";
}

function resultsPage(): string {
  const rows = Object.entries(results).map(
    ([code, { authenticated, billable, meaning }]) =>
      `| \`${code}\` | ${meaning} | ${authenticated} | ${billable ? "yes" : "no"} |`,
  );
  return [
    "# Results of authentication records",
    "",
    "Every way a sign-in can end, as `countersign log list` names it. The first word says whether the transaction worked, not whether",
    "somebody was let in: `authenticated` says that, of each record (`depends`: on how the PIN is set; `pending`: an answer is awaited).",
    "Billable are those that count as one authentication where authentications are counted. The first 45 are the codes of Azure",
    "Multi-Factor Authentication's activity report. This page is written by `npm run gen`.",
    "",
    "| Result | Meaning | Authenticated | Billable |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function errorsPage(): string {
  const sections = (Object.keys(pageErrors) as PageErrorName[]).map((name) => {
    const { number, status, help, administrator } = pageErrors[name];
    return [
      `## ${number}`,
      "",
      `\`${name}\`, HTTP status ${status}, guide: \`${helpPath(help)}\``,
      "",
      `- **What the person reads:** ${translate("en", `page_error.${name}.what`)}`,
      `- **What they can do:** ${translate("en", `page_error.${name}.next`)}`,
      `- **What you can do:** ${administrator}`,
      "",
    ].join("\n");
  });
  return [
    "# Errors on pages",
    "",
    "Every error page shows the page, the error's number, the time and the ids of request, session and person, as far as they",
    "are known. `countersign log show ID` tells what happened from any of these ids. This page is written by `npm run gen`.",
    "",
    ...sections,
  ].join("\n");
}

/** The generator needs an older TypeScript than ours, so it lives in the sdk's own packages. */
function clientTypes(document: string): string {
  const folder = mkdtempSync(join(tmpdir(), "countersign-gen-"));
  try {
    const file = join(folder, "openapi.json");
    writeFileSync(file, document);
    const types = output(["sdk/node_modules/openapi-typescript/bin/cli.js", file]);
    return output(["node_modules/oxfmt/bin/oxfmt", "--stdin-filepath=sdk/src/openapi.d.ts"], types);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function output(args: string[], input = ""): string {
  const done = spawnSync(process.execPath, args, { cwd: root, input, encoding: "utf8", maxBuffer: 64 << 20 });
  if (done.status !== 0) throw new Error(`${args[0]}: ${done.stderr}`);
  return done.stdout;
}

const document = await openApi();
const files = {
  "generated/openapi.json": document,
  "generated/schema.sql": await schemaSql(),
  "docs/reference/configuration.md": configurationPage(),
  "docs/reference/errors.md": errorsPage(),
  "docs/reference/results.md": resultsPage(),
  "docs/reference/settings.md": settingsPage(),
  "sdk/src/openapi.d.ts": clientTypes(document),
};

const current = (path: string): string | undefined => {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return undefined;
  }
};
const stale = Object.entries(files).filter(([path, text]) => current(path) !== text);

if (process.argv.includes("--check")) {
  for (const [path] of stale) console.log(`${path} is stale: run npm run gen`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const [path, text] of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(`${path} written`);
  }
}
