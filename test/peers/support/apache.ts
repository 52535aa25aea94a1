// Apache with mod_auth_openidc as a child process, set up as docs/guide/applications.md says.
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findProgram, remove, startProcess, tempFolder, waitUntil } from "../../support/process.ts";

const modules = "/usr/lib/apache2/modules";
export const hasApache = (): boolean =>
  findProgram("apache2") !== undefined && existsSync(`${modules}/mod_auth_openidc.so`);

type Setup = { port: number; issuer: string; ca: string; client: { id: string; secret: string } };

/** The guide's own lines, with its names and secrets replaced. */
function guide({ port, issuer, ca, client }: Setup, folder: string): string {
  const page = readFileSync(fileURLToPath(new URL("../../../docs/guide/applications.md", import.meta.url)), "utf8");
  let text = /```\n(OIDCProviderMetadataURL.*?)```/s.exec(page)![1]!;
  const replaced: [string, string][] = [
    ["https://mfa.example.org", issuer],
    ["https://wiki.example.org", `http://127.0.0.1:${port}`],
    ["app_…", client.id],
    ["OIDCClientSecret SECRET", `OIDCClientSecret ${client.secret}`],
    ["/etc/apache2/oidc-passphrase", join(folder, "passphrase")],
  ];
  for (const [from, to] of replaced) {
    if (!text.includes(from)) throw new Error(`the guide has no ${from}`);
    text = text.replaceAll(from, to);
  }
  writeFileSync(join(folder, "passphrase"), "a passphrase of the test alone");
  writeFileSync(join(folder, "ca.pem"), ca);
  return `${text}\nOIDCCABundlePath ${folder}/ca.pem`;
}

export async function startApache(setup: Setup): Promise<{ stop(): Promise<void> }> {
  const folder = tempFolder("apache");
  chmodSync(folder, 0o755);
  const log = join(folder, "error.log");
  const said = () => child.output() + (existsSync(log) ? readFileSync(log, "utf8") : "");
  const loaded = ["mpm_event", "authn_core", "authz_core", "authz_user", "headers", "dir", "auth_openidc"];
  // root may not serve as root; an environment without names of users cannot say as whom
  const user = process.getuid?.() === 0 ? "User www-data\nGroup www-data" : "";
  writeFileSync(join(folder, "index.html"), "the application");
  const told = [
    'Header set X-User "expr=%{REMOTE_USER}"',
    'Header set X-Acr "%{OIDC_CLAIM_acr}e"',
    'Header set X-Groups "%{OIDC_CLAIM_groups}e"',
  ];
  const lines = [
    ...loaded.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`),
    user,
    "ServerName 127.0.0.1",
    `Listen 127.0.0.1:${setup.port}`,
    `PidFile ${folder}/pid`,
    `DefaultRuntimeDir ${folder}`,
    `DocumentRoot ${folder}`,
    `ErrorLog ${log}`,
    "DirectoryIndex index.html",
    ...told,
    guide(setup, folder),
  ];
  writeFileSync(join(folder, "apache.conf"), lines.join("\n"));
  const child = startProcess(findProgram("apache2")!, ["-X", "-f", join(folder, "apache.conf")]);
  const answers = async () => {
    if (!child.running()) throw new Error(said());
    return await fetch(`http://127.0.0.1:${setup.port}/`, { redirect: "manual" }).catch(() => undefined);
  };
  await waitUntil("apache answering", answers, { explain: said });
  return {
    stop: async () => {
      await child.stop();
      remove(folder);
    },
  };
}
