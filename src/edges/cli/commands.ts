/**
 * Every command but `serve`, as the running server or this process carries it out. Must stay true: the table is closed,
 * an input is read by its schema alone, and nothing here decides: it calls one action.
 */

import { z } from "zod";
import { AppError, mistakesIn } from "#core/errors.ts";
import { apiKeyOptions, apiScopes } from "#core/api-key.ts";
import { siteRule } from "#core/forward-rules.ts";
import { radiusClientOptions, radiusClientWarnings } from "#core/radius-client.ts";
import type { Deps } from "#actions/deps.ts";
import { idTokenAlgs } from "#core/relying-party.ts";
import { strengths } from "#core/strength.ts";
import {
  addApplication,
  listApplications,
  loadApplication,
  removeApplication,
  setApplication,
} from "#actions/applications.ts";
import { addApiKey, listApiKeys, revokeApiKey } from "#actions/api-keys.ts";
import { addDirectory, listDirectory, removeDirectory, testDirectory } from "#actions/directories.ts";
import { explain } from "#actions/explain.ts";
import { verifyLog } from "#actions/log-verify.ts";
import { readMail } from "#actions/mail.ts";
import { movePasskeyDomain } from "#actions/passkey-domain.ts";
import { rotateSigningKeys } from "#actions/oidc-keys.ts";
import { readInbox } from "#actions/phone.ts";
import { addRadiusClient, loadRadiusClients, removeRadiusClient, setRadiusClient } from "#actions/radius-clients.ts";
import { listLog } from "#actions/records.ts";
import { addSite, listSites, removeSite, removeSiteRule, setSiteRule } from "#actions/sites.ts";
import { tellStory } from "#actions/story.ts";
import { listSettings, loadSetting, setSetting, unsetSetting } from "#actions/settings.ts";
import { blockCommands } from "./block-commands.ts";
import { command, limit, name, text, type Command, type Extra } from "./command.ts";
import { deviceCommands } from "./device-commands.ts";
import { gatewayCommands } from "./gateway-commands.ts";
import { personCommands } from "./person-commands.ts";
import { voiceCommands } from "./voice-commands.ts";
import { tokenCommands } from "./token-commands.ts";

const uri = z.string().max(2000);
const applicationFields = z.strictObject({
  redirectUris: z.array(uri).optional(),
  postLogoutUris: z.array(uri).optional(),
  backchannelLogoutUri: uri.optional(),
  groups: z.array(name).optional(),
  strength: z.enum(strengths).optional(),
  logoUri: uri.optional(),
  multipleauthn: z.boolean().optional(),
  intranet: z.boolean().optional(),
  idTokenAlg: z.enum(idTokenAlgs).optional(),
});

export const commands = {
  ...personCommands,
  ...gatewayCommands,
  ...tokenCommands,
  ...blockCommands,
  ...deviceCommands,
  ...voiceCommands,
  "passkey-domain move": command({
    input: z.strictObject({ domain: name }),
    run: async (deps, input) => await movePasskeyDomain(deps, "cli", input),
  }),
  "radius-client add": command({
    input: z.strictObject({
      name,
      addresses: z.array(name),
      secret: text.optional(),
      application: name.optional(),
      allowOverlap: z.boolean().optional(),
      options: radiusClientOptions.partial(),
    }),
    run: async (deps, input) => await addRadiusClient(deps, "cli", input as Parameters<typeof addRadiusClient>[2]),
  }),
  "radius-client set": command({
    // what is not named must not become its default
    input: z.strictObject({ name, application: name.optional(), options: z.record(z.string(), z.unknown()) }),
    run: async (deps, input) => await setRadiusClient(deps, "cli", input),
  }),
  "radius-client list": command({
    input: z.strictObject({}),
    run: async (deps) => ({
      clients: (await loadRadiusClients(deps)).map((client) => ({
        id: client.id,
        name: client.name,
        addresses: client.addresses,
        application: client.application.name,
        requiresMessageAuthenticator: client.requiresMessageAuthenticator,
        options: client.options,
        warnings: radiusClientWarnings(client),
      })),
    }),
  }),
  "radius-client remove": command({
    input: z.strictObject({ name }),
    run: async (deps, input) => {
      await removeRadiusClient(deps, "cli", input.name);
      return { name: input.name };
    },
  }),
  "directory add": command({
    input: z.strictObject({
      name,
      urls: z.array(text).min(1).max(10),
      base: text,
      bindDn: text,
      bindPassword: text,
      ca: text.optional(),
    }),
    run: async (deps, input) => await addDirectory(deps, "cli", input),
  }),
  "directory list": command({
    input: z.strictObject({}),
    run: async (deps) => ({ directories: await listDirectory(deps) }),
  }),
  "directory test": command({
    input: z.strictObject({ name, username: name.optional() }),
    run: async (deps, input) => await testDirectory(deps, input),
  }),
  "directory remove": command({
    input: z.strictObject({ name }),
    run: async (deps, input) => ({ name: input.name, ...(await removeDirectory(deps, "cli", input.name)) }),
  }),
  "api-key add": command({
    input: apiKeyOptions.partial().extend({ name, scopes: z.array(z.enum(apiScopes)), expiresAt: z.int().optional() }),
    run: async (deps, input) => await addApiKey(deps, "cli", input),
  }),
  "api-key list": command({
    input: z.strictObject({}),
    run: async (deps) => ({ keys: await listApiKeys(deps) }),
  }),
  "api-key revoke": command({
    input: z.strictObject({ name }),
    run: async (deps, input) => {
      await revokeApiKey(deps, "cli", input.name);
      return { name: input.name };
    },
  }),
  "application add": command({
    input: applicationFields.extend({ name, redirectUris: z.array(uri), isPublic: z.boolean().optional() }),
    run: async (deps, input) => await addApplication(deps, "cli", input),
  }),
  "application set": command({
    input: applicationFields.extend({ name, newSecret: z.boolean().optional() }),
    run: async (deps, input) => await setApplication(deps, "cli", input),
  }),
  "application list": command({
    input: z.strictObject({}),
    run: async (deps) => ({ applications: await listApplications(deps) }),
  }),
  "application show": command({
    input: z.strictObject({ name }),
    run: async (deps, input) => await loadApplication(deps, input.name),
  }),
  "application remove": command({
    input: z.strictObject({ name }),
    run: async (deps, input) => {
      await removeApplication(deps, "cli", input.name);
      return { name: input.name };
    },
  }),
  "site add": command({
    input: z.strictObject({ host: name, name: name.optional(), rules: z.array(siteRule) }),
    run: async (deps, input) => await addSite(deps, "cli", input),
  }),
  "site list": command({
    input: z.strictObject({}),
    run: async (deps) => ({ sites: await listSites(deps) }),
  }),
  "site set-rule": command({
    input: z.strictObject({ host: name, rule: siteRule }),
    run: async (deps, input) => await setSiteRule(deps, "cli", input),
  }),
  "site remove-rule": command({
    input: z.strictObject({ host: name, path: name }),
    run: async (deps, input) => await removeSiteRule(deps, "cli", input),
  }),
  "site remove": command({
    input: z.strictObject({ host: name }),
    run: async (deps, input) => await removeSite(deps, "cli", input.host),
  }),
  "oidc rotate-keys": command({
    input: z.strictObject({}),
    run: async (deps) => await rotateSigningKeys(deps, "cli"),
  }),
  "settings list": command({
    input: z.strictObject({}),
    run: async (deps) => ({ settings: await listSettings(deps) }),
  }),
  "settings get": command({
    input: z.strictObject({ name }),
    run: async (deps, input) => await loadSetting(deps, input.name),
  }),
  "settings set": command({
    input: z.strictObject({ name, text }),
    run: async (deps, input) => await setSetting(deps, "cli", input),
  }),
  "settings unset": command({
    input: z.strictObject({ name }),
    run: async (deps, input) => await unsetSetting(deps, "cli", input.name),
  }),
  "log list": command({
    input: z.strictObject({
      user: name.optional(),
      correlation: name.optional(),
      since: z.int().optional(),
      after: text.optional(),
      limit,
    }),
    run: async (deps, input) => await listLog(deps, input),
  }),
  "log show": command({
    input: z.strictObject({ id: name }),
    run: async (deps, input) => await tellStory(deps, input.id),
  }),
  "log verify": command({
    input: z.strictObject({}),
    run: async (deps, _input, { file }) => await verifyLog(deps, { anchors: await textOf(file) }),
  }),
  explain: command({
    input: z.strictObject({ username: name, application: name, passwordRight: z.boolean().optional() }),
    run: async (deps, input) => await explain(deps, input),
  }),
  "phone inbox": command({
    input: z.strictObject({ number: name.optional() }),
    run: async (deps, input) => ({ messages: await readInbox(deps, input.number) }),
  }),
  "mail inbox": command({
    input: z.strictObject({ address: name.optional() }),
    run: async (deps, input) => ({ messages: await readMail(deps, input.address) }),
  }),
};
type Commands = typeof commands;
export type CommandName = keyof Commands;
export type CommandInput<N extends CommandName> = z.input<Commands[N]["input"]>;
export type CommandResult<N extends CommandName> = Awaited<ReturnType<Commands[N]["run"]>>;

export type Call = { command: string; input: unknown };

/** Carries out one command; every error comes out as an AppError whose words may be shown. */
export async function perform(deps: Deps, { command: wanted, input }: Call, extra: Extra): Promise<object> {
  try {
    const known = Object.hasOwn(commands, wanted) ? (commands as Record<string, Command>)[wanted] : undefined;
    if (!known) throw new AppError("usage", `there is no command ${wanted}`);
    const read = known.input.safeParse(input);
    if (!read.success) throw new AppError("usage", mistakesIn(read.error.issues));
    return await known.run(deps, read.data, extra);
  } catch (error) {
    if (error instanceof AppError) throw error;
    deps.log.error("a command failed", { command: wanted, reason: (error as Error).message });
    throw new AppError("internal", "the command failed; the log says why", error);
  }
}

async function textOf(file: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of file) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
