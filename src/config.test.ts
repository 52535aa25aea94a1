import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../test/support/process.ts";
import { ownAddress, readConfig, unknownVariables } from "./config.ts";

const refusal = async (environment: Record<string, string>) => {
  try {
    await readConfig(environment);
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
};

test("people beyond this machine are served with encryption, or behind a proxy that is named", async () => {
  for (const host of ["0.0.0.0:8443", "192.0.2.7:443", "[::]:443", "mfa.example.org:443"]) {
    expect(await refusal({ COUNTERSIGN_HTTP: host })).toMatch(/\n {2}http: would serve people .* without encryption/);
    expect(await refusal({ COUNTERSIGN_HTTP: host, COUNTERSIGN_TRUSTED_PROXIES: "192.0.2.0/24" })).toBe(undefined);
    const tls = { COUNTERSIGN_TLS_CERT: "cert.pem", COUNTERSIGN_TLS_KEY: "key.pem" };
    expect(await refusal({ COUNTERSIGN_HTTP: host, ...tls })).toBe(undefined);
  }
  for (const host of ["127.0.0.1:8080", "127.1.2.3:8080", "[::1]:8080", "localhost:8080", "off"])
    expect(await refusal({ COUNTERSIGN_HTTP: host })).toBe(undefined);
});

test("what is of no use alone is told, and no secret with it", async () => {
  expect(await refusal({ COUNTERSIGN_TLS_CERT: "cert.pem" })).toContain("tls-key: tls-cert and tls-key go together");
  expect(await refusal({ COUNTERSIGN_SMTP_HOST: "mail.example.org" })).toContain("smtp-from: is needed with smtp-host");
  const said = await refusal({ COUNTERSIGN_SMTP_PASSWORD: "hunter2-hunter2" });
  expect(said).toContain("smtp-password: smtp-user and smtp-password go together");
  expect(said).not.toContain("hunter2");
  expect(await refusal({ COUNTERSIGN_SMTP_FROM: "Ada <ada@example.org>" })).toContain(
    "smtp-from: is not one plain e-mail",
  );
});

test("an address that is off is nobody's, and one that is not named is this machine's", async () => {
  const off = { COUNTERSIGN_HTTP: "off", COUNTERSIGN_INTERNAL: "off", COUNTERSIGN_RADIUS: "off" };
  expect(await readConfig(off)).toMatchObject({ http: undefined, internal: undefined, radius: undefined });
  const on = { http: { host: "127.0.0.1", port: 8080 }, radius: { host: "127.0.0.1", port: 1812 } };
  expect(await readConfig({})).toMatchObject(on);
});

test("a misspelt variable is told of, and what is ours is not", () => {
  const environment = {
    COUNTERSIGN_TRUSTED_PROXY: "192.0.2.7",
    COUNTERSIGN_CONFIG: "a",
    COUNTERSIGN_SMTP_PASSWORD_FILE: "b",
    PATH: "/bin",
  };
  expect(unknownVariables(environment)).toEqual(["COUNTERSIGN_TRUSTED_PROXY"]);
});

test("a file that is named and cannot be read is told with the variable that names it", async () => {
  const said = await refusal({ COUNTERSIGN_DATABASE_URL_FILE: "/nowhere/url" });
  expect(said).toContain("COUNTERSIGN_DATABASE_URL_FILE: ENOENT");
  expect(await refusal({ COUNTERSIGN_DATABASE_URL: "mysql://db" })).toContain(
    "database-url: does not begin with postgres://",
  );
});

test("a mistake in a configuration file is told without the lines around it, where a password may stand", async () => {
  const file = join(tempFolder("config"), "countersign.yaml");
  writeFileSync(file, 'database-url: postgres://countersign:the-password@db/countersign\n  role: "node\n');
  const said = await refusal({ COUNTERSIGN_CONFIG: file });
  expect(said).toContain(`The configuration file ${file} cannot be read: `);
  expect(said).not.toContain("the-password");
});

test("records name a node by an address of its own, not by a wildcard", () => {
  const any = { host: "0.0.0.0", port: 1812 };
  const here = { host: "127.0.0.1", port: 8080 };
  expect(ownAddress({ radius: any, http: here })).not.toBe("0.0.0.0");
  expect(ownAddress({ radius: here, http: { host: "192.0.2.7", port: 443 } })).toBe("192.0.2.7");
  expect(ownAddress({ radius: here, http: undefined })).toBe("127.0.0.1");
  expect(ownAddress({ radius: undefined, http: undefined })).toBe("-");
});
