/**
 * An exchange with whoever carries texts and calls. Must stay true: over TLS with a certificate that is verified, to the very
 * address that was checked, never the link's own, where clouds keep their machines' credentials (R-176); a redirection is not
 * followed, and no more is read than an answer needs.
 */

import { request } from "node:https";
import { isIP } from "node:net";
import { Undelivered, type Ask } from "./gateway.ts";
import { guarded, isAllowed } from "./post-form.ts";

const mostOctets = 65_536;
/** An organisation may have its own gateway in its own network. */
const rule = { intranet: true };

export const askVendor: Ask = async ({ method, url: target, headers, body, signal }) => {
  const url = new URL(target);
  const host = url.hostname.replaceAll(/[[\]]/g, "");
  if (url.protocol !== "https:") throw new Undelivered("the address is not https", { sure: true });
  if (isIP(host) !== 0 && !isAllowed(host, rule)) throw new Undelivered("the address is not allowed", { sure: true });
  // until then nothing was said that the vendor could have acted on
  let reached = false;
  return await new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new Undelivered(reason, { sure: !reached }));
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const asked = request(
      url,
      { method, headers: { ...headers, ...length }, agent: false, lookup: guarded(rule), signal },
      (response) => {
        const chunks: Buffer[] = [];
        let octets = 0;
        response.on("data", (chunk: Buffer) => {
          octets += chunk.length;
          chunks.push(chunk);
          if (octets > mostOctets) response.destroy(new Error("too long"));
        });
        response.once("error", () => fail("the answer broke off"));
        response.once("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        );
      },
    );
    asked.once("socket", (socket) => socket.once("secureConnect", () => (reached = true)));
    asked.once("error", (error: NodeJS.ErrnoException) =>
      fail(signal.aborted ? "no answer in time" : `no answer (${error.code ?? "refused"})`),
    );
    asked.end(body);
  });
};
