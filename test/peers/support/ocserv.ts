// ocserv, a VPN gateway that signs people in over RADIUS (radcli) and cannot ask for anything but name and password, and
// openconnect as somebody who signs in there. `--authenticate` ends before any tunnel, so no network device is needed; the
// gateway starts as root. Debian 12's radcli (1.2.11) sends no Message-Authenticator.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, freePort, remove, run, startProcess, tempFolder } from "../../support/process.ts";
import { authority } from "./certificates.ts";

export async function startOcserv(server: { port: number; secret: string }) {
  const folder = tempFolder("ocserv");
  const at = (name: string) => join(folder, name);
  const ca = await authority();
  const { certFile, keyFile } = await ca.issue("localhost");
  writeFileSync(at("servers"), `127.0.0.1 ${server.secret}\n`, { mode: 0o600 });
  const radius = [
    `authserver 127.0.0.1:${server.port}`,
    `acctserver 127.0.0.1:${server.port}`,
    `servers ${at("servers")}`,
    "dictionary /etc/radcli/dictionary",
    "default_realm",
    "radius_timeout 60",
    "radius_retries 1",
    "bindaddr *",
  ];
  writeFileSync(at("radius.conf"), `${radius.join("\n")}\n`);
  const port = await freePort();
  const lines = [
    `auth = "radius[config=${at("radius.conf")}]"`,
    `tcp-port = ${port}`,
    "run-as-user = root",
    "run-as-group = root",
    "isolate-workers = false",
    `socket-file = ${at("socket")}`,
    `pid-file = ${at("pid")}`,
    `server-cert = ${certFile}`,
    `server-key = ${keyFile}`,
    "device = vpns",
    "ipv4-network = 192.0.2.0",
    "ipv4-netmask = 255.255.255.0",
    "max-ban-score = 0",
  ];
  writeFileSync(at("ocserv.conf"), `${lines.join("\n")}\n`);
  const child = startProcess(findProgram("ocserv")!, ["-f", "-d", "1", "-c", at("ocserv.conf")]);
  await child.waitForOutput(/sec-mod initialized/);
  return {
    /** Signs in; a cookie is what a VPN session begins with. */
    signIn: async ({ user, password }: { user: string; password: string }) => {
      const args = ["--protocol=anyconnect", "--authenticate", "--non-inter", "--passwd-on-stdin", `--user=${user}`];
      const { code, stdout, output } = await run(
        findProgram("openconnect")!,
        [...args, `--cafile=${ca.certFile}`, `https://localhost:${port}`],
        { input: `${password}\n` },
      );
      return { accepted: code === 0 && /^COOKIE=./m.test(stdout), output };
    },
    stop: async () => {
      await child.stop();
      remove(folder);
    },
  };
}
