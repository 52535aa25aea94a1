// What a key may do: every operation of the API against every scope, before anything is read or looked up.
import { describe, expect, test } from "vitest";
import { apiScopes } from "#core/api-key.ts";
import { contract } from "#edges/http/contract.ts";
import { kinds } from "../support/world.ts";
import { httpWorld, type Call } from "./http-caller.ts";

const operations = Object.entries(contract);

describe.each(kinds)("an operation of the API, on %s,", (kind) => {
  const h = httpWorld(kind);
  const asked = ({ method, url }: { method: string; url: string }): Call => ({
    method,
    target: url.replace(/:(\w+)/, "nobody"),
    // as JSON it is wrong for every operation, so that a key with the scope gets no further than this
    ...(method !== "GET" && method !== "DELETE" && { body: "{" }),
  });

  test("is for keys with its scope alone, which is checked before the body is read", async () => {
    for (const scope of apiScopes) {
      const key = await h.newKey({ scopes: [scope] });
      for (const [name, operation] of operations) {
        const { status } = await h.call(key, asked(operation));
        const has = operation.config.scope === scope;
        expect([name, scope, has ? status !== 403 && status !== 401 : status]).toEqual([name, scope, has || 403]);
      }
    }
  });

  test("does not tell who or what there is without the scope", async () => {
    await h.w.person({ username: "ada" });
    const key = await h.newKey({ scopes: ["verify"] });
    for (const [, operation] of operations.filter(([, { config }]) => config.scope !== "verify")) {
      const call = { ...asked(operation), ...(operation.method === "POST" && { body: { reason: "device" } }) };
      const there = await h.call(key, { ...call, target: call.target!.replace("nobody", "ada") });
      const not = await h.call(key, call);
      for (const { body } of [there, not]) delete body["correlationId"];
      expect([there.status, there.body]).toEqual([403, not.body]);
    }
  });
});

test("every scope has operations, and the operations are these", () => {
  const all = operations.map(([name, { config, method, url }]) => `${config.scope} ${method} ${url} ${name}`);
  expect(all).toMatchInlineSnapshot(`
    [
      "verify POST /api/v1/verifications begin",
      "verify POST /api/v1/verifications/:id/answers answer",
      "verify GET /api/v1/verifications/:id read",
      "registrations POST /api/v1/registrations askToRegister",
      "registrations GET /api/v1/registrations/:username readRegistration",
      "helpdesk POST /api/v1/users/:username/enable enableUser",
      "helpdesk POST /api/v1/users/:username/disable disableUser",
      "helpdesk POST /api/v1/users/:username/enforce enforceUser",
      "helpdesk POST /api/v1/users/:username/tap issueTap",
      "helpdesk POST /api/v1/users/:username/require-registration requireRegistration",
      "helpdesk POST /api/v1/users/:username/reset-password resetPassword",
      "helpdesk POST /api/v1/users/:username/revoke-sessions revokeSessions",
      "helpdesk POST /api/v1/users/:username/revoke-devices revokeDevices",
      "helpdesk POST /api/v1/users/:username/unlock unlockMethods",
      "helpdesk POST /api/v1/users/:username/resync resynchroniseMethod",
      "helpdesk GET /api/v1/users/:username/methods listMethods",
      "helpdesk POST /api/v1/users/:username/reveal-numbers revealNumbers",
      "helpdesk POST /api/v1/users/:username/block blockUser",
      "helpdesk POST /api/v1/users/:username/unblock unblockUser",
      "helpdesk POST /api/v1/numbers/block blockNumber",
      "helpdesk POST /api/v1/numbers/unblock unblockNumber",
      "helpdesk POST /api/v1/blocks/search listBlocks",
      "helpdesk POST /api/v1/users/:username/authenticators inviteAuthenticator",
      "helpdesk GET /api/v1/users/:username/authenticators listAuthenticators",
      "helpdesk GET /api/v1/unactivated-authenticators listUnactivatedAuthenticators",
      "helpdesk POST /api/v1/users/:username/authenticators/remove removeAuthenticator",
      "helpdesk POST /api/v1/users/:username/authenticators/block blockAuthenticator",
      "helpdesk POST /api/v1/users/:username/authenticators/unblock unblockAuthenticator",
      "applications GET /api/v1/applications listApplications",
      "applications POST /api/v1/applications addApplication",
      "applications GET /api/v1/applications/:name readApplication",
      "applications PATCH /api/v1/applications/:name changeApplication",
      "applications DELETE /api/v1/applications/:name removeApplication",
      "tokens POST /api/v1/tokens/:serial/assign assignToken",
      "tokens POST /api/v1/tokens/:serial/activate activateToken",
      "tokens POST /api/v1/tokens/:serial/resync resynchroniseToken",
      "tokens POST /api/v1/tokens/:serial/unassign unassignToken",
      "tokens POST /api/v1/tokens/:serial/lost loseToken",
      "tokens POST /api/v1/tokens/:serial/revoke revokeToken",
      "tokens POST /api/v1/token-imports importTokens",
      "tokens POST /api/v1/token-assignments assignTokens",
      "tokens DELETE /api/v1/token-imports/:importId undoTokenImport",
      "tokens GET /api/v1/tokens listTokens",
      "tokens GET /api/v1/token-health checkTokens",
      "tokens GET /api/v1/tokens/:serial/drift tokenDrift",
      "tokens GET /api/v1/token-imports/:importId/drift batchDrift",
      "tokens GET /api/v1/tokens/:serial findTokens",
      "gateways GET /api/v1/gateways listGateways",
      "gateways POST /api/v1/gateways addGateway",
      "gateways PATCH /api/v1/gateways/:name enableGateway",
      "gateways DELETE /api/v1/gateways/:name removeGateway",
      "gateways POST /api/v1/gateway-tests testGateways",
      "gateways GET /api/v1/gateway-figures readTelecomFigures",
      "gateways GET /api/v1/destinations listDestinations",
      "gateways POST /api/v1/destinations/release releaseDestination",
      "voice GET /api/v1/voice-messages listVoiceMessages",
      "voice POST /api/v1/voice-messages/:type/:language/text setVoiceMessage",
      "voice POST /api/v1/voice-messages/:type/:language/recording uploadVoiceMessage",
      "voice POST /api/v1/voice-messages/:type/:language/remove removeVoiceMessage",
    ]
  `);
  expect(new Set(operations.map(([, { config }]) => config.scope))).toEqual(new Set(apiScopes));
});
