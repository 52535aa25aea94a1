// Whoever carries texts and calls, over HTTP: set up by a program instead of a person, with the same rules.
import { describe, expect, test } from "vitest";
import { listLog } from "#actions/records.ts";
import { gatewayContract as contract } from "#edges/http/gateways-contract.ts";
import { kinds } from "../support/world.ts";
import { httpWorld } from "./http-caller.ts";

const url = "/api/v1/gateways";

describe.each(kinds)("gateways by API, on %s,", (kind) => {
  const h = httpWorld(kind);
  type Key = Awaited<ReturnType<typeof h.newKey>>;
  const done = async (key: Key, operation: keyof typeof contract, given: { name?: string; body?: object } = {}) => {
    const { method, url: pattern, schema } = contract[operation];
    const { status, body } = await h.call(key, {
      method,
      target: pattern.replace(":name", given.name ?? ""),
      ...given,
    });
    expect([operation, status, body["detail"]]).toEqual([operation, 200, undefined]);
    return schema.response[200].content["application/json"].schema.parse(body) as Record<string, unknown>;
  };

  test("are added, listed, tried, disabled and removed, with the key in the log and the secret nowhere", async () => {
    const key = await h.newKey({ scopes: ["gateways"] });
    const secrets = { token: "the account's own token" };
    const body = { channel: "sms", vendor: "twilio", name: "main", sender: "+15005550006", place: 1 };
    const added = await done(key, "addGateway", { body: { ...body, options: { account: "AC1" }, secrets } });
    expect(added).toMatchObject({ ...body, options: { account: "AC1" }, prefixes: [], senders: {}, enabled: true });
    const { gateways } = await done(key, "listGateways");
    expect(gateways).toMatchObject([added, { vendor: "simulator" }, { vendor: "simulator" }]);
    const asked = { channel: "sms", number: "+46701234567" };
    expect(await done(key, "testGateways", { body: asked })).toMatchObject({
      ok: true,
      steps: [{ step: "number" }, {}, { gateway: "main", problem: "nobody is there" }, { gateway: "simulated-texts" }],
    });
    expect((await done(key, "readTelecomFigures"))["figures"]).toMatchObject([
      { gateway: "main", country: "SE", attempts: 1, sent: 0 },
      { gateway: "simulated-texts", country: "SE", attempts: 1, sent: 1, used: 0 },
    ]);
    await done(key, "enableGateway", { name: "main", body: { enabled: false } });
    await done(key, "removeGateway", { name: "main" });
    const { records } = await listLog(h.w.deps, { limit: 10 });
    expect(records.slice(0, 4).map(({ actor, result }) => [actor, result])).toEqual(
      ["GATEWAY_REMOVED", "GATEWAY_DISABLED", "GATEWAY_TESTED", "GATEWAY_ADDED"].map((one) => [`key:${key.id}`, one]),
    );
    expect(JSON.stringify([added, gateways, records])).not.toContain(secrets.token);
  });

  test("whose options no vendor could mean are refused by field, and what was sent is not repeated", async () => {
    const key = await h.newKey({ scopes: ["gateways"] });
    const body = { channel: "sms", vendor: "twilio", name: "main", sender: "+15005550006" };
    const options = { account: "no account at all" };
    const refused = await h.call(key, { method: "POST", target: url, body: { ...body, options } });
    expect([refused.status, refused.body["detail"]]).toEqual([
      400,
      expect.stringMatching(/^account: .*; token: /) as unknown,
    ]);
    expect(JSON.stringify(refused.body)).not.toContain(options.account);
  });
});
