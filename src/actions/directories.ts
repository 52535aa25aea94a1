import { X509Certificate } from "node:crypto";
import { AppError } from "#core/errors.ts";
import { directoryIn, type FirstFactor } from "#core/first-factor.ts";
import { nameKey } from "#core/names.ts";
import type { Directory, Step } from "#directory/directory.ts";
import { listApiKeyRows } from "#store/api-keys.ts";
import { deleteDirectory, listDirectories, saveDirectory, type DirectoryRow } from "#store/directories.ts";
import { listRadiusClients } from "#store/radius-clients.ts";
import { changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { namesOf } from "./rules.ts";

/** Directories that people live in, and whose word on their passwords counts. */

export type NewDirectory = {
  name: string;
  urls: string[];
  base: string;
  bindDn: string;
  bindPassword: string;
  /** PEM */
  ca?: string | undefined;
};
export type ListedDirectory = {
  id: string;
  name: string;
  urls: string[];
  base: string;
  bindDn: string;
  ownCa: boolean;
};

const placeOf = (id: string) => ({ table: "directory", column: "sealed_password", row: id });

export async function addDirectory(deps: Deps, actor: Actor, input: NewDirectory): Promise<ListedDirectory> {
  const { name, base, bindDn, bindPassword } = input;
  if (!/^[\w.-]{1,100}$/.test(name)) throw new AppError("invalid", "name: letters, digits, points, - and _ only");
  const urls = input.urls.map(readUrl);
  // the first: what is no name of an account would be one of the library's other ways to sign in
  if (!/[=@\\]/.test(bindDn)) throw new AppError("invalid", "bind-dn: is neither a DN nor name@domain");
  // RFC 4513 §5.1.2: without a password a server says yes and means nobody
  if (bindPassword === "") throw new AppError("invalid", "bind-password: is empty");
  const id = deps.random.id("dir_");
  const sealedPassword = deps.keys.seal("directory", Buffer.from(bindPassword), placeOf(id));
  const row: DirectoryRow = { id, name, urls, base, bindDn, sealedPassword, ca: readCa(input.ca) };
  return await changed(deps, actor, async (run) => {
    if (!(await saveDirectory(run, row, deps.clock.now())))
      throw new AppError("exists", `a directory named ${name} exists already`);
    return {
      value: listed(row),
      result: "DIRECTORY_ADDED",
      detail: { directory: id, name, urls, base, bindDn, ownCa: row.ca !== null },
    };
  });
}

const listed = ({ id, name, urls, base, bindDn, ca }: DirectoryRow): ListedDirectory => ({
  id,
  name,
  urls,
  base,
  bindDn,
  ownCa: ca !== null,
});

/** Host and port alone: what else an LDAP URL may say is said by the other options. */
function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !["ldaps:", "ldap:"].includes(url.protocol) || url.hostname === "" || url.username !== "")
    throw new AppError("invalid", "url: ldaps://HOST or, with StartTLS, ldap://HOST is needed");
  if (!["", "/"].includes(url.pathname) || url.search !== "" || url.hash !== "")
    throw new AppError("invalid", "url: nothing may follow the host and the port");
  return `${url.protocol}//${url.host}`;
}

function readCa(pem: string | undefined): string | null {
  if (pem === undefined) return null;
  try {
    void new X509Certificate(pem);
    return pem;
  } catch (error) {
    throw new AppError("invalid", "ca-file: holds no certificate in PEM form", error);
  }
}

export async function listDirectory(deps: Deps): Promise<ListedDirectory[]> {
  return (await listDirectories(deps.db)).map(listed);
}

/** Refused while a client's sign-ins depend on it. */
export async function removeDirectory(deps: Deps, actor: Actor, name: string): Promise<{ people: number }> {
  const keys = (await listApiKeyRows(deps.db)).filter((key) => key.revokedAt === null);
  for (const client of [...(await listRadiusClients(deps.db)), ...keys]) {
    const { firstFactor } = JSON.parse(client.options) as { firstFactor: FirstFactor };
    if (directoryIn(firstFactor) === name)
      throw new AppError("conflict", `${client.name} has its people's passwords checked there`);
  }
  return await changed(deps, actor, async (run) => {
    const gone = await deleteDirectory(run, name);
    if (!gone) throw nothingNamed(name);
    const { id: directory, people } = gone;
    return { value: { people }, result: "DIRECTORY_REMOVED", detail: { directory, name, people } };
  });
}

const nothingNamed = (name: string) => new AppError("not_found", `no directory is named ${name}`);

/** Asks every server of a directory, step by step, and for a person if one is named. */
export async function testDirectory(
  deps: Deps,
  { name, username }: { name: string; username?: string | undefined },
): Promise<{ ok: boolean; steps: Step[] }> {
  const directory = (await openDirectories(deps)).find((one) => one.name === name);
  if (!directory) throw nothingNamed(name);
  const short = username === undefined ? undefined : nameKey(username, namesOf(deps));
  const steps = await directory.test(short === undefined ? undefined : { full: username!.trim(), short });
  return { ok: steps.every((step) => step.problem === undefined), steps };
}

export type Opened = Directory & { id: string; name: string };

/** All of them, in their order. One whose password cannot be read fails closed: it is there, and says no more. */
export async function openDirectories(deps: Deps): Promise<Opened[]> {
  return (await listDirectories(deps.db)).map(({ id, name, urls, base, bindDn, sealedPassword, ca }) => {
    const bindPassword = deps.keys.unseal("directory", sealedPassword, placeOf(id)).toString();
    return { id, name, ...deps.directories({ urls, base, bindDn, bindPassword, ca }) };
  });
}

/** What an administrator asks for must be there. */
export async function refuseUnknownDirectory(deps: Deps, where: FirstFactor): Promise<void> {
  const name = directoryIn(where);
  if (name === undefined || (await listDirectories(deps.db)).some((one) => one.name === name)) return;
  throw new AppError("invalid", `first-factor: no directory is named ${name}`);
}
