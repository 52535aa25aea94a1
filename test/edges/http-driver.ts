/** The REST edge as the scenarios see it: the published client over a real listener. */

import { vi } from "vitest";
import { addApiKey } from "#actions/api-keys.ts";
import { serveHttp } from "#edges/http/server.ts";
import { createClient, type Challenge, type Result } from "../../sdk/src/index.ts";
import type { OpenDriver, Seen } from "./drivers.ts";

export const rest: OpenDriver = async (deps, firstFactor) => {
  const name = `shop ${firstFactor}`;
  const key = await addApiKey(deps, "cli", { name, scopes: ["verify"], firstFactor });
  const server = await serveHttp(deps, {
    people: { host: "127.0.0.1", port: 0 },
    internal: undefined,
    publicUrl: "http://localhost:8080",
    trustedProxies: [],
    ready: () => true,
    reasons: () => [],
    metrics: async () => "",
    webDist: new URL("../../web/dist/", import.meta.url),
  });
  const client = createClient({
    url: `http://127.0.0.1:${server.people!.port}`,
    keyId: key.id,
    secret: key.secret,
  });
  /** The client lives in the world's time. */
  const here = () => {
    vi.setSystemTime(deps.clock.now());
    return client;
  };
  const see = (result: Result): Seen => {
    if (result.allowed) return { verdict: "allow", text: "" };
    if (result.reason === "unavailable") return { verdict: "silence", text: result.problem ?? "" };
    // like any edge: a wrong code that leaves tries asks again
    return { verdict: result.challenge ? "challenge" : "deny", text: "", ticket: result.challenge };
  };
  return {
    signIn: async (person) => see(await here().verify(person)),
    answer: async (seen, username, response) =>
      see(await here().answer(seen.ticket as Challenge, { username, response })),
    close: async () => {
      vi.useRealTimers();
      await server.stop();
    },
  };
};
