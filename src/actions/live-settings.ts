import type { Store } from "#store/index.ts";
import { readSettings } from "#store/settings.ts";
import type { LiveSettings } from "./deps.ts";

/** The settings in force, read at start and again when told: a decision never waits for them. */
export async function liveSettings(store: Store): Promise<LiveSettings> {
  let current = await readSettings(store);
  return {
    values: () => current.values,
    version: () => current.version,
    reload: async () => {
      current = await readSettings(store);
    },
  };
}
