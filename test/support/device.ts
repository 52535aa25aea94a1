/** Devices that were bound before the test begins, without a server to talk to: their decisions are signed and taken in this process. */

import { generateKeyPairSync } from "node:crypto";
import { decideRequest } from "#actions/decisions.ts";
import { describeDevice, findRequest } from "#actions/device-requests.ts";
import type { Deps } from "#actions/deps.ts";
import { findDevice, insertDevice, insertPush } from "#store/devices.ts";
import { sign, type Said } from "../../examples/device/device.ts";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const about = { kind: "phone", platform: "", app_version: "", language: null, push: "none", state: "active" };
const row = { ...about, sealed_subscription: null, public_key: publicKey.export({ type: "spki", format: "der" }) };

export async function addDevices(deps: Deps, userId: string, count = 1) {
  const ids = Array.from({ length: count }, () => deps.random.id("dev_"));
  const at = deps.clock.now();
  await deps.db.transaction(async (run) => {
    for (const id of ids) await insertDevice(run, { ...row, id, name: id, user_id: userId, created_at: at });
    await insertPush(run, { id: deps.random.id("fac_"), userId, at });
  });
  return ids.map((id) => ({
    waiting: async () => (await describeDevice(deps, (await findDevice(deps.db, id))!)).requests,
    say: async (challengeId: string, said: Said) => {
      const device = (await findDevice(deps.db, id))!;
      const request = (await findRequest(deps, device, challengeId))!;
      const decision = sign({ deviceId: id, key: privateKey.export({ format: "jwk" }) }, request, said);
      return await decideRequest(deps, device, { challengeId, decision, clientIp: "" });
    },
  }));
}
