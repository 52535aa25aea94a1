import type { Store } from "#store/index.ts";
import { readSettings } from "#store/settings.ts";
import type { LiveSettings, Logger } from "./deps.ts";

/** The settings in force, read at start and again when told: a decision never waits for them. */
export async function liveSettings(store: Store, log: Logger): Promise<LiveSettings> {
  let current = await readSettings(store);
  for (const setting of current.ignored)
    log.warn("a stored setting is not known to this version; its default holds", { setting });
  return {
    values: () => current.values,
    version: () => current.version,
    reload: async () => {
      current = await readSettings(store);
    },
  };
}
