/** What happened on the person's phones while somebody waited, for the record (fact sheet 8.2). */

import { listAskedDevices } from "#store/push-requests.ts";
import type { Source } from "./asked.ts";
import { callsMade } from "./calls-made.ts";
import type { Deps } from "./deps.ts";

export async function onPhone(
  deps: Deps,
  { id, method }: { id: string; method: string | undefined },
): Promise<Pick<Source, "calls" | "devices">> {
  if (method === "push") return { devices: await listAskedDevices(deps.db, id) };
  return { calls: await callsMade(deps, id) };
}
