/**
 * The certificate of the listener that people reach, from two files that somebody else renews. Must stay true: a pair that
 * does not fit, as in the middle of a renewal, never replaces one that works.
 */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Server } from "node:https";
import { AppError } from "#core/errors.ts";
import type { Deps } from "#actions/deps.ts";

export type CertificateFiles = { cert: string; key: string };
export type Certificate = { cert: string; key: string };

export const tlsOptions = { minVersion: "TLSv1.2" } as const;

export function readCertificate(files: CertificateFiles): Certificate {
  const cert = read("tls-cert", files.cert);
  const key = read("tls-key", files.key);
  if (!fits(cert, key))
    throw new AppError(
      "start_refused",
      `tls-cert ${files.cert} and tls-key ${files.key} are not a certificate and its key.`,
    );
  return { cert, key };
}

function read(name: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new AppError(
      "start_refused",
      `${name} ${file} cannot be read (${(error as { code?: string }).code}).`,
      error,
    );
  }
}

function fits(cert: string, key: string): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** Takes what lies in the files now; connections that are open stay as they are. */
export function certificateReload(
  { log }: Pick<Deps, "log">,
  { server, files, first }: { server: Server; files: CertificateFiles; first: Certificate },
): () => void {
  let current = first;
  return () => {
    try {
      const now = readCertificate(files);
      if (now.cert === current.cert && now.key === current.key) return;
      server.setSecureContext({ ...tlsOptions, ...now });
      current = now;
      log.info("the certificate was read anew", { validTo: new X509Certificate(now.cert).validTo });
    } catch (error) {
      log.error("the certificate could not be read anew; the one in use stays", { reason: (error as Error).message });
    }
  };
}
