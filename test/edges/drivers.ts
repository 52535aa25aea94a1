/** Each edge as the scenarios see it: sign in, answer, and a plain verdict. A new edge adds a driver and gets every scenario. */

import type { Deps } from "#actions/deps.ts";
import { addRadiusClient } from "#actions/radius-clients.ts";
import { serveRadius } from "#edges/radius/server.ts";
import { code } from "#wire/radius/codes.ts";
import { freePort } from "../support/process.ts";
import { radiusClient, type Reply } from "../support/radius.ts";
import { rest } from "./http-driver.ts";

export type Seen = { verdict: "allow" | "challenge" | "deny" | "silence"; text: string; ticket?: unknown };
export type Driver = {
  signIn(person: { username: string; password?: string; code?: string }): Promise<Seen>;
  answer(seen: Seen, username: string, response: string): Promise<Seen>;
  close(): Promise<void>;
};
/** `local`: we check the password; `none`: the application did. */
export type OpenDriver = (deps: Deps, firstFactor: "local" | "none") => Promise<Driver>;

const secret = "a secret of thirty-two characters";

export const radius: OpenDriver = async (deps, firstFactor) => {
  const port = await freePort();
  await addRadiusClient(deps, "cli", {
    name: `vpn ${firstFactor}`,
    addresses: ["127.0.0.1"],
    secret,
    options: { firstFactor },
  });
  const server = await serveRadius(deps, { addresses: [{ host: "127.0.0.1", port }], ready: () => true });
  const client = await radiusClient({ port, secret });
  const see = (username: string, reply: Reply | undefined): Seen => {
    if (!reply) return { verdict: "silence", text: "" };
    const verdicts: Record<number, Seen["verdict"]> = {
      [code.accessAccept]: "allow",
      [code.accessChallenge]: "challenge",
      [code.accessReject]: "deny",
    };
    return { verdict: verdicts[reply.code]!, text: reply.message, ticket: { username, state: reply.state } };
  };
  return {
    signIn: async ({ username, password, code: given }) =>
      see(username, await client.send(username, password ?? given ?? "")),
    answer: async (seen, username, response) =>
      see(username, await client.send(username, response, { state: (seen.ticket as { state: Buffer }).state })),
    close: async () => {
      await client.close();
      await server.stop();
    },
  };
};

export const drivers: Record<string, OpenDriver> = { radius, rest };
