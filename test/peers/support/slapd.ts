// OpenLDAP's server as a child process with a configuration of our own: nothing of /etc/ldap but its schemas is read, no
// privilege is needed, and it ends with us. It answers on 127.0.0.1, in the clear with StartTLS and with TLS at once.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, freePort, remove, runOk, startProcess, tempFolder, waitUntil } from "../../support/process.ts";
import { connects } from "./connects.ts";
import type { Authority, Certificate } from "./certificates.ts";

export const base = "dc=corp,dc=example";
export const service = { dn: `cn=countersign,${base}`, password: "service secret" };
const root = { dn: `cn=root,${base}`, password: "root secret" };

export type Slapd = {
  ldaps: string;
  ldap: string;
  port: number;
  /** Changes entries as the directory's administrator, in LDIF. */
  change(ldif: string): Promise<void>;
  stop(): Promise<void>;
};

export async function startSlapd(ca: Authority, { certFile, keyFile }: Certificate): Promise<Slapd> {
  const program = findProgram("slapd");
  if (program === undefined) throw new Error("slapd was not found: apt-get install slapd");
  const folder = tempFolder("slapd");
  mkdirSync(join(folder, "db"));
  const configuration = join(folder, "slapd.conf");
  // bind_anon_cred: the server says yes to a name without a password, which proves nothing (R-143)
  writeFileSync(
    configuration,
    `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile ${folder}/pid
TLSCertificateFile ${certFile}
TLSCertificateKeyFile ${keyFile}
TLSCACertificateFile ${ca.certFile}
allow bind_anon_cred
security simple_bind=112
database mdb
suffix "${base}"
rootdn "${root.dn}"
rootpw "${root.password}"
directory ${folder}/db
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${service.dn}" read by * none
`,
  );
  const seed = join(folder, "seed.ldif");
  writeFileSync(
    seed,
    `dn: ${base}
objectClass: domain
dc: corp

dn: ${service.dn}
objectClass: person
cn: countersign
sn: countersign
userPassword: ${service.password}
`,
  );
  await runOk("/usr/sbin/slapadd", ["-f", configuration, "-l", seed]);
  const [port, tlsPort] = [await freePort(), await freePort()];
  const urls = `ldap://127.0.0.1:${port} ldaps://127.0.0.1:${tlsPort}`;
  const child = startProcess(program, ["-f", configuration, "-h", urls, "-d", "0"]);
  await waitUntil("slapd", async () => (await connects(port)) && (await connects(tlsPort)));
  return {
    port,
    ldap: `ldap://localhost:${port}`,
    ldaps: `ldaps://localhost:${tlsPort}`,
    change: async (ldif) => {
      const as = ["-x", "-ZZ", "-H", `ldap://localhost:${port}`, "-D", root.dn, "-w", root.password];
      // libldap compares this machine's own name with the certificate when it is told localhost
      await runOk("ldapmodify", as, { input: ldif, env: { ...process.env, LDAPTLS_REQCERT: "never" } });
    },
    stop: async () => {
      await child.stop();
      remove(folder);
    },
  };
}

/** A person's entry, in LDIF, to be added. */
export const person = (uid: string, attributes: Record<string, string> = {}): string => `
dn: uid=${uid},${base}
changetype: add
objectClass: inetOrgPerson
uid: ${uid}
${Object.entries({ cn: uid, sn: uid, userPassword: `${uid}'s password`, ...attributes })
  .map(([name, value]) => `${name}: ${value}`)
  .join("\n")}
`;
