// People's phones, bound as if each had been activated: ten thousand activations would be the whole bench. Written with the
// product's own actions, before its server starts.
import { readConfig } from "../src/config.ts";
import { openLogger } from "../src/logging.ts";
import { openSystem } from "../src/wiring.ts";
import { setSetting } from "../src/actions/settings.ts";
import { subscribe, vapidPublicKey } from "../src/actions/web-push.ts";
import { insertDevice, insertPush } from "../src/store/devices.ts";
import type { PushService } from "../test/support/vendors/push-service.ts";
import { userName } from "./people.ts";

const atOnce = 500;

/** One for each of the first `count` people, whose browser has subscribed at the push service. */
export async function bindDevices(data: string, { count, service }: { count: number; service: PushService }) {
  const config = await readConfig({ COUNTERSIGN_DATA: data });
  const system = await openSystem(config, { log: openLogger("error"), simulate: false });
  try {
    const { deps } = system;
    await setSetting(deps, "cli", { name: "push.own-services", text: service.host });
    await setSetting(deps, "cli", { name: "push.life-seconds", text: "600" });
    await setSetting(deps, "cli", { name: "push.client-per-hour", text: "100000" });
    const rows = await deps.db.q.selectFrom("person").select(["id", "username"]).execute();
    const idOf = new Map(rows.map(({ id, username }) => [username, id]));
    const key = vapidPublicKey(deps);
    const at = Date.now();
    const about = { name: "Phone", kind: "phone", platform: "bench", app_version: "1", language: null };
    for (let from = 0; from < count; from += atOnce)
      await deps.db.transaction(async (run) => {
        for (let index = from; index < Math.min(count, from + atOnce); index++) {
          const userId = idOf.get(userName(index))!;
          const id = deps.random.id("dev_");
          const { push, sealedSubscription } = subscribe(deps, {
            deviceId: id,
            subscription: service.subscribe(key).subscription,
          });
          const state = { state: "active", push, sealed_subscription: sealedSubscription, created_at: at };
          await insertDevice(run, { id, user_id: userId, ...about, public_key: Buffer.alloc(1), ...state });
          await insertPush(run, { id: deps.random.id("fac_"), userId, at });
        }
      });
  } finally {
    await system.close();
  }
}
