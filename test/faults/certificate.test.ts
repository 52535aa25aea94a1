// A certificate renewed under a running server: it takes the new one when it is told to by a signal, and goes on.
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:tls";
import { expect, test } from "vitest";
import { makeAuthority } from "../support/certificates.ts";
import { waitUntil } from "../support/process.ts";
import { makeNode } from "./node.ts";

test("SIGHUP takes a renewed certificate, and the server goes on", async () => {
  const authority = await makeAuthority();
  const files = await authority.issue("IP:127.0.0.1");
  const node = await makeNode();
  node.env["COUNTERSIGN_TLS_CERT"] = files.certFile;
  node.env["COUNTERSIGN_TLS_KEY"] = files.keyFile;
  const server = node.spawn();
  const served = async () =>
    await new Promise<string>((resolve, reject) => {
      const port = Number(new URL(node.url).port);
      const socket = connect({ host: "127.0.0.1", port, ca: authority.cert }, () => {
        resolve(socket.getPeerX509Certificate()!.fingerprint256);
        socket.destroy();
      });
      socket.once("error", reject);
    });
  await server.waitForOutput(/"msg":"ready"/);
  const before = await served();
  const renewed = await authority.issue("IP:127.0.0.1");
  for (const [from, to] of [
    [renewed.certFile, files.certFile],
    [renewed.keyFile, files.keyFile],
  ] as const)
    writeFileSync(to, readFileSync(from));
  server.signal("SIGHUP");
  await waitUntil("the new certificate", async () => (await served()) !== before);
  expect(server.running()).toBe(true);
  await node.stop();
});
