// FreeRADIUS as a child process with a configuration of our own: nothing of /etc/freeradius is read, no privilege is
// needed, and it ends with us. `startFreeradiusProxy` puts it in front of a server, as many sites do.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Child, findProgram, freePort, remove, startProcess, tempFolder } from "../../support/process.ts";

export type Freeradius = { port: number; pid: number; output(): string; stop(): Promise<void> };

/** How many threads there are at first, at most, and idle at least and at most. */
export type Threads = { start: number; max: number; minSpare: number; maxSpare: number };
export const fixed = (threads: number): Threads => ({ start: threads, max: threads, minSpare: 1, maxSpare: threads });

/** Starts FreeRADIUS with `sections` (modules, servers, home servers) added to the common part. One item a line: its
 * parser reads no more. `folder` may hold files that the sections name, and is removed at the end. */
export async function startFreeradius(
  sections: string,
  clientSecret: string,
  { folder = tempFolder("freeradius"), threads = fixed(4), rejectDelay = 0 } = {},
): Promise<Freeradius> {
  const program = findProgram("freeradius") ?? findProgram("radiusd");
  if (program === undefined) throw new Error("FreeRADIUS was not found: apt-get install freeradius");
  const port = await freePort();
  writeFileSync(join(folder, "radiusd.conf"), common({ folder, port, clientSecret, threads, rejectDelay }) + sections, {
    mode: 0o600,
  });
  const child: Child = startProcess(program, ["-f", "-l", "stdout", "-d", folder]);
  await child.waitForOutput(/Ready to process requests/);
  return {
    port,
    pid: child.pid,
    output: () => child.output(),
    stop: async () => {
      await child.stop();
      remove(folder);
    },
  };
}

type Common = { folder: string; port: number; clientSecret: string; threads: Threads; rejectDelay: number };

// max_requests counts answered ones for cleanup_delay seconds too: the stock 16384 would throttle a fast run.
const common = ({ folder, port, clientSecret, threads, rejectDelay }: Common) => `
raddbdir = ${folder}
libdir = /usr/lib/freeradius
run_dir = ${folder}
logdir = ${folder}
max_requests = 200000
log {
  destination = stdout
}
security {
  reject_delay = ${rejectDelay}
}
thread pool {
  start_servers = ${threads.start}
  max_servers = ${threads.max}
  min_spare_servers = ${threads.minSpare}
  max_spare_servers = ${threads.maxSpare}
}
client loopback {
  ipaddr = 127.0.0.1
  secret = "${clientSecret}"
}
listen {
  type = auth
  ipaddr = 127.0.0.1
  port = ${port}
  virtual_server = main
}
`;

/** A FreeRADIUS that passes everything on to `home` on 127.0.0.1. Debian 12's (3.2.1) adds one Proxy-State and, tried,
 * signs every request it passes on with a Message-Authenticator of its own, also one that came unsigned: a home server
 * may require it. The test beside this file holds it to that. */
export function startFreeradiusProxy(
  home: { port: number; secret: string },
  clientSecret: string,
): Promise<Freeradius> {
  return startFreeradius(
    `
proxy_requests = yes
proxy server {
  default_fallback = no
}
home_server home {
  type = auth
  ipaddr = 127.0.0.1
  port = ${home.port}
  secret = "${home.secret}"
  response_window = 30
  status_check = none
}
home_server_pool homes {
  type = fail-over
  home_server = home
}
realm home {
  auth_pool = homes
  nostrip
}
server main {
  authorize {
    update control {
      &Proxy-To-Realm := "home"
    }
  }
}
`,
    clientSecret,
  );
}
