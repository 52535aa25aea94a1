// The listener that people reach over TLS: what it speaks, a certificate renewed under it, and whose word about an address counts.
import { writeFileSync } from "node:fs";
import { request } from "node:https";
import { connect, type TLSSocket } from "node:tls";
import { beforeAll, describe, expect, test } from "vitest";
import { makeAuthority, type Authority, type Certificate } from "../support/certificates.ts";
import { httpWorld } from "./http-caller.ts";

const h = httpWorld();
let authority: Authority;
let first: Certificate;
beforeAll(async () => {
  authority = await makeAuthority();
  first = await authority.issue("DNS:localhost,IP:127.0.0.1");
});

const loopback = { host: "127.0.0.1", port: 0 };
const serve = async ({ certFile, keyFile }: Certificate) =>
  await h.start(h.w.deps, { people: loopback, internal: undefined, tls: { cert: certFile, key: keyFile } });
type Server = Awaited<ReturnType<typeof serve>>;

const reach = async ({ people }: Server, options: object = {}): Promise<TLSSocket> =>
  await new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: people!.port, ca: authority.cert, ...options }, () =>
      resolve(socket),
    );
    socket.once("error", reject);
  });
const served = async (server: Server) => {
  const socket = await reach(server);
  const { fingerprint256 } = socket.getPeerX509Certificate()!;
  socket.destroy();
  return fingerprint256;
};
/** One request on a connection that stays open. */
const ask = async (socket: TLSSocket): Promise<string> =>
  await new Promise((resolve, reject) => {
    socket.once("data", (data: Buffer) => resolve(data.toString()));
    socket.once("close", () => reject(new Error("closed")));
    socket.write("GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n");
  });

describe("over TLS", () => {
  test("people are answered in versions 1.2 and 1.3 and in no older one, and not in the clear", async () => {
    const server = await serve(first);
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const socket = await reach(server, { minVersion: version, maxVersion: version });
      expect(socket.getProtocol()).toBe(version);
      expect(await ask(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      socket.destroy();
    }
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" };
    await expect(reach(server, old)).rejects.toThrow(/protocol version|alert/i);
    await expect(fetch(`http://127.0.0.1:${server.people!.port}/health/live`)).rejects.toThrow(/fetch failed/);
  });

  test("every answer bears the headers of every other", async () => {
    const server = await serve(first);
    const headers = await new Promise<object>((resolve, reject) => {
      const asking = request(
        { host: "127.0.0.1", port: server.people!.port, path: "/nowhere", ca: authority.cert },
        (answer) => resolve(answer.resume().headers),
      );
      asking.once("error", reject).end();
    });
    expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "x-correlation-id": expect.any(String) });
  });

  test("a renewed certificate is served to whoever comes, and those who are there stay", async () => {
    const files = await authority.issue("DNS:localhost,IP:127.0.0.1");
    const server = await serve(files);
    const before = await served(server);
    const there = await reach(server);
    await ask(there);
    server.reloadCertificate();
    expect(await served(server)).toBe(before);

    const renewed = await authority.issue("DNS:localhost,IP:127.0.0.1");
    writeFileSync(files.certFile, renewed.cert);
    // in the middle of a renewal the two do not fit
    server.reloadCertificate();
    expect(await served(server)).toBe(before);
    expect(h.w.logged.at(-1)).toMatchObject({
      message: "the certificate could not be read anew; the one in use stays",
    });
    writeFileSync(files.keyFile, renewed.key);
    server.reloadCertificate();
    const after = await served(server);
    expect(after).not.toBe(before);
    expect(await ask(there)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    there.destroy();
    expect(JSON.stringify(h.w.logged)).not.toContain("PRIVATE");
  });

  test("what is no certificate with its key stops the start with one sentence", async () => {
    const other = await authority.issue("DNS:localhost");
    await expect(serve({ ...first, keyFile: other.keyFile })).rejects.toMatchObject({
      code: "start_refused",
      detail: `tls-cert ${first.certFile} and tls-key ${other.keyFile} are not a certificate and its key.`,
    });
    await expect(serve({ ...first, certFile: "/nowhere.pem" })).rejects.toMatchObject({
      code: "start_refused",
      detail: "tls-cert /nowhere.pem cannot be read (ENOENT).",
    });
  });
});

test("a client's address is what a trusted proxy says, and nobody else's word", async () => {
  const key = await h.newKey({ cidrs: ["198.51.100.0/24"] });
  const call = { body: { username: "ada" }, headers: { "x-forwarded-for": "198.51.100.7" } };
  expect((await h.call(key, call)).status).toBe(401);
  const trusting = await h.start(h.w.deps, { trustedProxies: ["127.0.0.1"] });
  expect((await h.call(key, { ...call, to: trusting })).status).not.toBe(401);
  const spoofed = { ...call, to: trusting, headers: { "x-forwarded-for": "198.51.100.7, 203.0.113.9" } };
  expect((await h.call(key, spoofed)).status).toBe(401);
});
