// One Samba domain controller, provisioned anew and run as a child process. It takes root and the standard ports of a
// directory on 127.0.0.1 (389 and 636), so two cannot run at once; `sambaRuns` says whether one can, and why not.
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, remove, runOk, startProcess, tempFolder, waitUntil, type Child } from "../../support/process.ts";
import type { Certificate } from "./certificates.ts";
import { connects } from "./connects.ts";
import { installed } from "./installed.ts";

export const realm = "CORP.EXAMPLE";
export const base = "DC=corp,DC=example";
export const url = "ldaps://localhost";
const password = "Administrator-1";

export async function sambaRuns(): Promise<boolean> {
  if (!installed("samba", "samba-tool", "ldapmodify", "openssl")) return false;
  const taken = (await connects(389)) || (await connects(636));
  const why = process.getuid?.() !== 0 ? "it takes root" : taken ? "port 389 or 636 is taken" : undefined;
  if (why !== undefined) console.warn(`left out, for a Samba domain cannot run here: ${why}`);
  return why === undefined;
}

export type Samba = {
  /** Changes entries as the domain's administrator, in LDIF. */
  change(ldif: string): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  remove(): void;
};

export async function provisionSamba({ certFile, keyFile }: Certificate): Promise<Samba> {
  const folder = tempFolder("samba");
  const configuration = join(folder, "etc", "smb.conf");
  const options = [
    "interfaces = lo",
    "bind interfaces only = yes",
    `pid directory = ${folder}`,
    `log file = ${folder}/log`,
    "server services = ldap",
    `tls certfile = ${certFile}`,
    `tls keyfile = ${keyFile}`,
    "tls cafile =",
  ];
  const provision = ["domain", "provision", "--quiet", `--realm=${realm}`, "--domain=CORP", "--dns-backend=NONE"];
  await runOk(
    "samba-tool",
    [...provision, `--targetdir=${folder}`, "--host-name=dc1", "--host-ip=127.0.0.1", `--adminpass=${password}`],
    { timeoutMs: 120_000 },
  );
  // it believes a key only when nobody else can read it
  chmodSync(keyFile, 0o600);
  const provisioned = readFileSync(configuration, "utf8");
  writeFileSync(configuration, settled(provisioned, options));
  let child: Child | undefined;
  return {
    change: async (ldif) => {
      const as = ["-x", "-H", url, "-D", `administrator@${realm}`, "-w", password];
      await runOk("ldapmodify", as, { input: ldif, env: { ...process.env, LDAPTLS_REQCERT: "never" } });
    },
    start: async () => {
      // not -i, which ends with its standard input
      const foreground = ["-F", "--no-process-group", "--debug-stdout", "-M", "single", "-s", configuration];
      child = startProcess(findProgram("samba")!, foreground);
      await waitUntil("Samba", async () => (await connects(636)) || (!child!.running() && fail(child!)), {
        timeoutMs: 60_000,
      });
    },
    stop: async () => void (await child?.stop()),
    remove: () => remove(folder),
  };
}

/** What was provisioned, with lines of our own instead of those of the same names. */
function settled(configuration: string, lines: string[]): string {
  const names = lines.map((line) => line.split(" =")[0]!);
  const kept = configuration.split("\n").filter((line) => !names.some((name) => line.trim().startsWith(`${name} =`)));
  return kept.join("\n").replace("[global]", ["[global]", ...lines].join("\n\t"));
}

function fail(child: Child): never {
  throw new Error(`Samba ended:\n${child.output().slice(-4000)}`);
}

/** An account of the domain, in LDIF, to be added. */
export const account = (name: string, password: string, attributes: Record<string, string> = {}): string => `
dn: CN=${name},CN=Users,${base}
changetype: add
objectClass: user
sAMAccountName: ${name}
userAccountControl: 512
unicodePwd:: ${Buffer.from(`"${password}"`, "utf16le").toString("base64")}
${Object.entries(attributes)
  .map(([attribute, value]) => `${attribute}: ${value}\n`)
  .join("")}`;

export const group = (name: string, member: string): string => `
dn: CN=${name},CN=Users,${base}
changetype: add
objectClass: group
sAMAccountName: ${name}
member: CN=${member},CN=Users,${base}
`;

/** Replaces one attribute of an account, in LDIF. */
export const replaced = (name: string, attribute: string, value: string): string => `
dn: CN=${name},CN=Users,${base}
changetype: modify
replace: ${attribute}
${attribute}: ${value}
`;
