// A Linux sign-in by RADIUS: pamtester with libpam-radius-auth. Needs root, because PAM reads services from /etc/pam.d
// and nowhere else; the file made there has a name of its own and goes away again. The secret may hold no space, as the
// server list is split at them. Debian 12's module (2.0.0) sends no Message-Authenticator.
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, remove, removeAtExit, run, tempFolder } from "../../support/process.ts";

/** Signs `user` in, typing `answers` one by one when asked: the password, then what a challenge asks for. */
export async function pamtester(
  server: { port: number; secret: string },
  { user, answers, timeoutSeconds = 5 }: { user: string; answers: string[]; timeoutSeconds?: number },
): Promise<{ accepted: boolean; output: string }> {
  const program = findProgram("pamtester");
  if (program === undefined) throw new Error("pamtester was not found: apt-get install pamtester libpam-radius-auth");
  const folder = tempFolder("pam");
  const servers = join(folder, "servers");
  writeFileSync(servers, `127.0.0.1:${server.port} ${server.secret} ${timeoutSeconds}\n`, { mode: 0o600 });
  const service = `countersign-${randomBytes(6).toString("hex")}`;
  const file = join("/etc/pam.d", service);
  removeAtExit(file);
  try {
    writeFileSync(file, `auth required pam_radius_auth.so conf=${servers} retry=1\naccount required pam_permit.so\n`);
    const { code, output } = await run(program, [service, user, "authenticate"], {
      input: answers.map((answer) => `${answer}\n`).join(""),
    });
    return { accepted: code === 0, output };
  } finally {
    remove(file);
    remove(folder);
  }
}
