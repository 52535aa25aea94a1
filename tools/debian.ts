// The real programs the tests talk to, as Debian packages them: which are missing, and installing them when we may.
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

type Package = {
  /** Commands looked up on PATH and in /usr/sbin, or path patterns; one that exists is enough. */
  probe: string[];
  /** What cannot run without it. */
  serves: string;
};

export const packages: Record<string, Package> = {
  chromium: { probe: ["chromium"], serves: "the browser tests" },
  freeradius: { probe: ["freeradius"], serves: "FreeRADIUS as a proxy in front of us" },
  "freeradius-utils": { probe: ["radclient"], serves: "radclient signing in" },
  oathtool: { probe: ["oathtool"], serves: "one-time passwords compared with oathtool" },
  pskctool: { probe: ["pskctool"], serves: "token files compared with oath-toolkit" },
  xmlsec1: { probe: ["xmlsec1"], serves: "token files that xmlsec1 signed" },
  "libpam-radius-auth": {
    probe: ["/{usr/,}lib/{*-linux-gnu/,}security/pam_radius_auth.so"],
    serves: "pam_radius signing in",
  },
  pamtester: { probe: ["pamtester"], serves: "pam_radius signing in" },
  ocserv: { probe: ["ocserv"], serves: "a VPN whose people answer by phone" },
  openconnect: { probe: ["openconnect"], serves: "a VPN whose people answer by phone" },
  slapd: { probe: ["slapd"], serves: "people of an OpenLDAP directory" },
  "ldap-utils": { probe: ["ldapmodify"], serves: "people of an OpenLDAP directory" },
  "samba-ad-dc": { probe: ["/usr/lib/*/samba/ldb/acl.so"], serves: "people of a Samba domain" },
  "samba-ad-provision": { probe: ["/usr/share/samba/setup"], serves: "people of a Samba domain" },
  faketime: { probe: ["faketime"], serves: "clock steps" },
  strace: { probe: ["strace"], serves: "kill at every fsync" },
  apache2: { probe: ["apache2"], serves: "mod_auth_openidc signing people in" },
  "libapache2-mod-auth-openidc": {
    probe: ["/usr/lib/apache2/modules/mod_auth_openidc.so"],
    serves: "mod_auth_openidc signing people in",
  },
  nginx: { probe: ["nginx"], serves: "nginx in front of a protected site" },
  caddy: { probe: ["caddy"], serves: "Caddy in front of a protected site" },
  postgresql: { probe: ["initdb", "/usr/lib/postgresql/*/bin/initdb"], serves: "everything on PostgreSQL" },
  openssl: { probe: ["openssl"], serves: "mail, pages and directories over TLS" },
  sqlite3: { probe: ["sqlite3"], serves: "looking into a database from outside" },
};

const commandFolders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"];
const patterns = (probe: string) =>
  probe.startsWith("/") ? [probe] : commandFolders.map((folder) => join(folder, probe));

const missing = () =>
  Object.keys(packages).filter((name) => !packages[name]!.probe.some((probe) => globSync(patterns(probe)).length > 0));

function aptGet(args: string[], log: number) {
  const env = { ...process.env, RUNLEVEL: "1", DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync("/usr/bin/apt-get", args, { env, stdio: ["ignore", log, log] }).status === 0;
}

/**
 * Installs what is missing where that is possible; otherwise says what is and what will therefore be skipped. On standard error,
 * since the standard output of a bench is lines of JSON.
 */
export function ensureDebian(): void {
  const wanted = missing();
  if (wanted.length === 0) return;
  const mayInstall = process.getuid?.() === 0 && globSync("/usr/bin/apt-get").length > 0;
  if (mayInstall) {
    console.error(`Installing Debian packages: ${wanted.join(" ")}`);
    const folder = mkdtempSync(join(tmpdir(), "countersign-apt-"));
    const logFile = join(folder, "log");
    const log = openSync(logFile, "w");
    // RUNLEVEL=1: the packages' own services must not start and take the ports.
    if (!aptGet(["update"], log) || !aptGet(["install", "-y", "--no-install-recommends", ...wanted], log)) {
      console.error(readFileSync(logFile, "utf8"));
    }
    rmSync(folder, { recursive: true });
  }
  const why = mayInstall ? "apt-get failed" : "installing it takes root and apt-get";
  for (const name of missing()) console.error(`Missing: ${name} (${why}); skipped: ${packages[name]!.serves}`);
}
