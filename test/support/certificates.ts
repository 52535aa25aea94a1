// A private authority and what it signs, made with openssl for the length of a test run.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runOk, tempFolder } from "./process.ts";

export type Certificate = { cert: string; key: string; certFile: string; keyFile: string };
export type Authority = { cert: string; certFile: string; issue(names: string): Promise<Certificate> };

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"];

/** `names` as openssl writes them: `DNS:localhost,IP:127.0.0.1`. */
export async function makeAuthority(): Promise<Authority> {
  const folder = tempFolder("certificates");
  let count = 0;
  const make = async (name: string, more: string[]): Promise<Certificate> => {
    const [certFile, keyFile] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
    await runOk("openssl", [
      "req",
      "-x509",
      ...newKey,
      "-subj",
      `/CN=${name}`,
      "-out",
      certFile,
      "-keyout",
      keyFile,
      ...more,
    ]);
    return { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8"), certFile, keyFile };
  };
  const root = await make("authority", ["-addext", "keyUsage=critical,keyCertSign"]);
  return {
    cert: root.cert,
    certFile: root.certFile,
    issue: async (names) => {
      const extensions = [`subjectAltName=${names}`, "basicConstraints=critical,CA:FALSE"];
      const signed = ["-CA", root.certFile, "-CAkey", root.keyFile, ...extensions.flatMap((one) => ["-addext", one])];
      return await make(`server-${count++}`, signed);
    },
  };
}

/** One that signs documents: RSA, which every program of XML signatures knows. */
export async function selfSigned(name: string): Promise<Certificate> {
  const folder = tempFolder("signer");
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const made = ["-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", `/CN=${name}`];
  await runOk("openssl", ["req", "-x509", ...made, "-out", certFile, "-keyout", keyFile]);
  return { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8"), certFile, keyFile };
}
