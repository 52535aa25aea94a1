// A certification authority for one test, by openssl: what servers show, and who vouches for it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runOk, tempFolder } from "../../support/process.ts";

export type Certificate = { certFile: string; keyFile: string };
export type Authority = Certificate & {
  pem: string;
  issue(name: string, how?: { expired: boolean }): Promise<Certificate>;
};

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

export async function authority(): Promise<Authority> {
  const folder = tempFolder("ca");
  const files = (name: string) => ({ certFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}.key`) });
  const own = files("ca");
  const written = ({ certFile, keyFile }: Certificate) => ["-out", certFile, "-keyout", keyFile];
  await runOk("openssl", ["req", "-x509", ...newKey, ...written(own), "-days", "2", "-subj", "/CN=Test authority"]);
  return {
    ...own,
    pem: readFileSync(own.certFile, "utf8"),
    issue: async (name, { expired } = { expired: false }) => {
      const leaf = files(`${name}${expired ? "-expired" : ""}`);
      const signed = ["-CA", own.certFile, "-CAkey", own.keyFile, "-days", "1", "-subj", `/CN=${name}`];
      const extensions = ["-addext", `subjectAltName=DNS:${name}`, "-addext", "basicConstraints=critical,CA:FALSE"];
      const asked = ["openssl", "req", "-x509", ...newKey, ...written(leaf), ...signed, ...extensions];
      const [program = "", ...args] = expired ? ["faketime", "3 days ago", ...asked] : asked;
      await runOk(program, args);
      return leaf;
    },
  };
}
