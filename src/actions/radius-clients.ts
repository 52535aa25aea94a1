import { holds, rangeOf, readRange } from "#core/address-range.ts";
import { AppError, mistakesIn } from "#core/errors.ts";
import type { Application } from "#core/facts.ts";
import { radiusClientOptions, radiusClientWarnings, type RadiusClientOptions } from "#core/radius-client.ts";
import {
  deleteRadiusClient,
  listRadiusClients,
  pinRadiusClient,
  saveRadiusClient,
  updateRadiusClient,
  type RadiusClientRow,
} from "#store/radius-clients.ts";
import { parseReplyItem } from "#wire/radius/dictionary.ts";
import type { NewAttribute } from "#wire/radius/packet.ts";
import { changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { refuseUnknownDirectory } from "./directories.ts";

/** RADIUS clients: who may ask, from where, with which secret, and how their requests are to be understood. */

export type RadiusClient = {
  id: string;
  name: string;
  addresses: string[];
  secret: Buffer;
  options: RadiusClientOptions;
  application: Application;
  replyAttributes: NewAttribute[];
  requiresMessageAuthenticator: boolean;
};

/** Every client, its secret unsealed, ready for the edge. One that cannot be read is left out and logged: it fails closed. */
export async function loadRadiusClients(deps: Deps): Promise<RadiusClient[]> {
  return (await listRadiusClients(deps.db)).flatMap((row) => readClient(deps, row) ?? []);
}

function readClient(deps: Deps, row: RadiusClientRow): RadiusClient | undefined {
  try {
    const options = radiusClientOptions.parse(JSON.parse(row.options));
    const place = { table: "radius_client", column: "sealed_secret", row: row.id };
    const { firstFactor, mode, allowWithoutMethodUntil, requireMessageAuthenticator } = options;
    return {
      id: row.id,
      name: row.name,
      addresses: row.addresses,
      secret: deps.keys.unseal("client", row.sealedSecret, place),
      options,
      application: {
        id: row.id,
        name: row.application,
        firstFactor,
        canChallenge: mode === "challenge",
        allowWithoutMethodUntil,
        ...(options.approveWithoutNumber && { plainApproval: true }),
        ...(options.fallbackToken && mode === "challenge" && { fallback: true }),
      },
      replyAttributes: options.reply.map((item) => parseReplyItem(item)),
      requiresMessageAuthenticator: requireMessageAuthenticator === "yes" || row.pinned,
    };
  } catch {
    deps.log.error("a RADIUS client cannot be used: its secret or options do not read", {
      client: row.name,
    });
    return undefined;
  }
}

function warningsOf(deps: Deps, row: RadiusClientRow): string[] {
  const client = readClient(deps, row);
  return client ? radiusClientWarnings(client) : [];
}

export type NewRadiusClient = {
  name: string;
  addresses: string[];
  /** none: one is made and given back, this once */
  secret?: string | undefined;
  application?: string | undefined;
  /** another client's range may hold these, or be held */
  allowOverlap?: boolean | undefined;
  options: Partial<RadiusClientOptions>;
};

export async function addRadiusClient(deps: Deps, actor: Actor, input: NewRadiusClient) {
  const options = readOptions(input.options);
  if (input.addresses.length === 0) throw new AppError("invalid", "address: at least one is needed");
  const addresses = input.addresses.map(readRange);
  await refuseUnfit(deps, options, addresses);
  await refuseOverlap(deps, { addresses, allowed: input.allowOverlap === true });
  const id = deps.random.id("rcl_");
  const secret = input.secret ?? deps.random.bytes(24).toString("base64url");
  if (Buffer.byteLength(secret) < 16) throw new AppError("invalid", "secret: at least 16 octets are needed");
  const sealedSecret = deps.keys.seal("client", Buffer.from(secret), {
    table: "radius_client",
    column: "sealed_secret",
    row: id,
  });
  const application = input.application ?? input.name;
  const row = {
    id,
    name: input.name,
    addresses,
    application,
    sealedSecret,
    options: JSON.stringify(options),
    pinned: false,
  };
  await changed(deps, actor, async (run) => {
    if (!(await saveRadiusClient(run, row, deps.clock.now())))
      throw new AppError("exists", `a RADIUS client named ${input.name} exists already`);
    return {
      value: undefined,
      result: "RADIUS_CLIENT_ADDED",
      detail: { client: id, name: input.name, addresses, options },
    };
  });
  return {
    id,
    name: input.name,
    addresses,
    application,
    options,
    warnings: warningsOf(deps, row),
    ...(input.secret === undefined && { secret }),
  };
}

function readOptions(given: Record<string, unknown>): RadiusClientOptions {
  const parsed = radiusClientOptions.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new AppError("invalid", mistakesIn(parsed.error.issues));
}

async function refuseUnfit(deps: Deps, options: RadiusClientOptions, addresses: string[]): Promise<void> {
  if (options.requireMessageAuthenticator === "auto" && addresses.some((address) => !single(address)))
    throw new AppError("invalid", "require-message-authenticator: auto needs single addresses, not ranges");
  if (options.fallbackToken && options.mode !== "challenge")
    throw new AppError("invalid", "fallback-token: the client has to be able to ask, so it needs the mode challenge");
  if (options.mode === "append" && /\d/.test(options.separator))
    throw new AppError("invalid", "separator: a digit could be the code's");
  for (const item of options.reply) readReply(item);
  await refuseUnknownDirectory(deps, options.firstFactor);
}

export type RadiusClientChanges = {
  name: string;
  application?: string | undefined;
  options: Record<string, unknown>;
};

/** What is not named stays as it is; name, addresses and secret always do. */
export async function setRadiusClient(deps: Deps, actor: Actor, { name, ...changes }: RadiusClientChanges) {
  const row = (await listRadiusClients(deps.db)).find((one) => one.name === name);
  if (!row) throw new AppError("not_found", `no RADIUS client is named ${name}`);
  const named = Object.fromEntries(Object.entries(changes.options).filter(([, value]) => value !== undefined));
  if (Object.keys(named).length === 0 && changes.application === undefined)
    throw new AppError("usage", "nothing is changed: name an option");
  const options = readOptions({ ...(JSON.parse(row.options) as object), ...named });
  await refuseUnfit(deps, options, row.addresses);
  const application = changes.application ?? row.application;
  // only the administrator's own word takes back what was learned
  const loosened = named["requireMessageAuthenticator"] !== undefined;
  await changed(deps, actor, async (run) => {
    const change = { id: row.id, was: row.options, application, options: JSON.stringify(options), loosened };
    if (!(await updateRadiusClient(run, change)))
      throw new AppError("conflict", `the RADIUS client ${name} was changed meanwhile; try again`);
    return { value: undefined, result: "RADIUS_CLIENT_CHANGED", detail: { client: row.id, name, ...changes } };
  });
  const now = { ...row, options: JSON.stringify(options), pinned: row.pinned && !loosened };
  return { name, application, options, warnings: warningsOf(deps, now) };
}

export async function removeRadiusClient(deps: Deps, actor: Actor, name: string): Promise<void> {
  await changed(deps, actor, async (run) => {
    const id = await deleteRadiusClient(run, name);
    if (id === undefined) throw new AppError("not_found", `no RADIUS client is named ${name}`);
    return { value: undefined, result: "RADIUS_CLIENT_REMOVED", detail: { client: id, name } };
  });
}

/** learned from the client's own packets, kept for good. */
export async function pinClient(deps: Deps, client: RadiusClient): Promise<void> {
  client.requiresMessageAuthenticator = true;
  await changed(deps, "system", async (run) => {
    await pinRadiusClient(run, client.id);
    return { value: undefined, result: "RADIUS_CLIENT_PINNED", detail: { client: client.id } };
  });
}

const single = (range: string) => !range.includes("/");

function readReply(item: string): void {
  try {
    parseReplyItem(item);
  } catch (error) {
    throw new AppError("invalid", `reply: ${(error as Error).message}`, error);
  }
}

/**
 * the source address alone chooses the client, and so the secret. One address is one client's; in each other's range, where
 * the narrower wins, they may be if that is meant.
 */
async function refuseOverlap(deps: Deps, { addresses, allowed }: { addresses: string[]; allowed: boolean }) {
  for (const [at, mine] of addresses.entries()) {
    const twice = addresses.slice(0, at).find((other) => overlap(mine, other));
    if (twice !== undefined)
      throw new AppError("invalid", `address: ${twice} and ${mine} are given together: leave the narrower out`);
  }
  const theirs = (await listRadiusClients(deps.db)).flatMap((row) =>
    row.addresses.map((address) => ({ address, name: row.name })),
  );
  for (const mine of addresses) {
    const shared = theirs.filter(({ address }) => overlap(mine, address));
    const same = shared.find(({ address }) => rangeOf(address)[1] === rangeOf(mine)[1]);
    if (same) throw new AppError("exists", `address: ${mine} belongs to the RADIUS client ${same.name} already`);
    const [other] = shared;
    if (other && !allowed)
      throw new AppError(
        "conflict",
        `address: ${mine} and ${other.address} of the RADIUS client ${other.name} overlap. For what both hold, the narrower would count, and its secret. If that is meant: --allow-overlap`,
      );
  }
}
const overlap = (one: string, other: string) =>
  holds(rangeOf(one), rangeOf(other)) || holds(rangeOf(other), rangeOf(one));
