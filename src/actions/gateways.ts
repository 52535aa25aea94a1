/** Gateways: whoever carries the organisation's texts and calls, set up by administrators. */

import { z } from "zod";
import { AppError } from "#core/errors.ts";
import { markUsed, readFigures, type Figure } from "#store/deliveries.ts";
import { markFetched } from "#store/notified.ts";
import type { Run } from "#store/open.ts";
import {
  deleteGateway,
  listGateways,
  saveGateway,
  setEnabled,
  type Channel,
  type GatewayRow,
} from "#store/gateways.ts";
import { changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { callbackUrl, forgetGateways, secretsPlace, vendors } from "./gateways-open.ts";

export type NewGateway = {
  channel: Channel;
  vendor: string;
  name: string;
  /** as the vendor's file names them; the secret ones apart */
  options?: Record<string, unknown> | undefined;
  secrets?: Record<string, string> | undefined;
  /** the secret of a vendor that has one */
  secret?: string | undefined;
  prefixes?: string[] | undefined;
  place?: number | undefined;
  sender: string;
  senders?: Record<string, string> | undefined;
};
export type ListedGateway = Omit<GatewayRow, "options" | "sealedSecrets"> & {
  options: Record<string, unknown>;
  callbackUrl: string;
  /** what to do before it is of use */
  advice?: string;
};

const prefix = z.string().regex(/^\+[1-9]\d{0,8}$/, "+ and digits, such as +46, are needed");
/** A number, a short number, or a name as networks take it. */
const sender = z
  .string()
  .regex(/^(?:\+?\d{3,15}|[\w .&'-]{1,11})$/, "a number, or a name of at most 11 signs, is needed");
const routing = z.strictObject({
  name: z.string().regex(/^[\w.-]{1,100}$/, "letters, digits, points, - and _ only"),
  prefixes: z.array(prefix).max(300),
  place: z.int().min(0).max(1000),
  sender,
  senders: z.record(prefix, sender),
});

export async function addGateway(deps: Deps, actor: Actor, input: NewGateway): Promise<ListedGateway> {
  const { channel, vendor, name, prefixes = [], place = 100, senders = {} } = input;
  const said = readAs(routing, { name, prefixes, place, sender: input.sender, senders });
  const { options, secrets } = readOptions(input, { simulated: actor === "system" });
  const id = deps.random.id("gtw_");
  const sealedSecrets = deps.keys.seal("gateway", Buffer.from(JSON.stringify(secrets)), secretsPlace(id));
  const row = { ...said, id, channel, vendor, options: JSON.stringify(options), sealedSecrets, enabled: true };
  const added = await changed(deps, actor, async (run) => {
    if (!(await saveGateway(run, row, deps.clock.now())))
      throw new AppError("exists", `a gateway named ${name} exists already`);
    const detail = { gateway: id, channel, vendor, ...said, options };
    return { value: listed(deps, row), result: "GATEWAY_ADDED", detail };
  });
  forgetGateways(deps);
  return added;
}

/** The vendor's fields, and those of them that are secret: they came apart and stay apart. */
function readOptions(input: NewGateway, { simulated }: { simulated: boolean }) {
  const vendor = vendors[input.channel].get(input.vendor);
  // the simulated carrier is the evaluation's own; in production nobody would answer
  if (!vendor || (vendor.id === "simulator" && !simulated))
    throw new AppError("invalid", `vendor: none for ${input.channel} is named ${input.vendor}`);
  const secretNames = Object.entries(vendor.options.shape).flatMap(([field, schema]) =>
    schema.meta()?.["secret"] === true ? [field] : [],
  );
  const bare = input.secret === undefined ? {} : { [secretNames[0] ?? "secret"]: input.secret };
  const given = { ...input.secrets, ...bare };
  const misplaced = Object.keys(input.options ?? {}).find((field) => secretNames.includes(field));
  if (misplaced !== undefined) throw new AppError("invalid", `${misplaced}: is a secret, and comes by a file`);
  // kept as given: a later version reads them by its own defaults
  readAs(vendor.options, { ...input.options, ...given });
  return { options: input.options ?? {}, secrets: given };
}

/** Names the field and what is wrong with it, never what it held. */
function readAs<T>(schema: z.ZodType<T>, value: unknown): T {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const sentences = read.error.issues.map(({ path, message, code, ...issue }) =>
    code === "unrecognized_keys" && "keys" in issue
      ? `${issue.keys.join(", ")}: is no option of this vendor`
      : `${path.join(".")}: ${message}`,
  );
  throw new AppError("invalid", sentences.join("; "));
}

const mute = "it cannot speak: nobody is called until every message has a recording in their language";
const listed = (deps: Deps, { sealedSecrets: _sealed, options, ...row }: GatewayRow): ListedGateway => ({
  ...row,
  ...(row.channel === "voice" && vendors.voice.get(row.vendor)?.speaks === false && { advice: mute }),
  options: JSON.parse(options) as Record<string, unknown>,
  callbackUrl: callbackUrl(deps, row),
});

export async function listGateway(deps: Deps): Promise<ListedGateway[]> {
  return (await listGateways(deps.db)).map((row) => listed(deps, row));
}

export async function removeGateway(deps: Deps, actor: Actor, name: string): Promise<{ name: string }> {
  return await change(deps, actor, { name, result: "GATEWAY_REMOVED", work: (run) => deleteGateway(run, name) });
}

/** One that is not enabled carries nothing; what it is told about what it has carried still counts. */
export async function enableGateway(
  deps: Deps,
  actor: Actor,
  { name, enabled }: { name: string; enabled: boolean },
): Promise<{ name: string }> {
  const result = enabled ? "GATEWAY_ENABLED" : "GATEWAY_DISABLED";
  return await change(deps, actor, { name, result, work: (run) => setEnabled(run, { name, enabled }) });
}

const day = 86_400_000;

/** Writes down which messages were used, and which notifications looked at, while their challenges are still there. */
export async function noteUse(deps: Deps): Promise<void> {
  const now = deps.clock.now();
  await markUsed(deps.db, { now, since: now - day });
  await deps.db.transaction((run) => markFetched(run, now - day), { relaxed: true });
}

/** What became of texts, calls and notifications since a time, by gateway and country; a month at most, as long as deliveries are kept. */
export async function readTelecomFigures(deps: Deps, since = deps.clock.now() - 30 * day): Promise<Figure[]> {
  await noteUse(deps);
  return await readFigures(deps.db, since);
}

type Changing = { name: string; result: string; work: (run: Run) => Promise<string | undefined> };

async function change(deps: Deps, actor: Actor, { name, result, work }: Changing): Promise<{ name: string }> {
  const done = await changed(deps, actor, async (run) => {
    const gateway = await work(run);
    if (gateway === undefined) throw new AppError("not_found", `no gateway is named ${name}`);
    return { value: { name }, result, detail: { gateway, name } };
  });
  forgetGateways(deps);
  return done;
}
