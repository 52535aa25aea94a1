// Resident memory of an idle server with 20,000 people, 60 seconds after it is ready: long enough for what only the start
// needed to be given back, and for what grows by itself to show.
import { setTimeout as delay } from "node:timers/promises";
import { benchPeople } from "./people.ts";
import { makeProduct, residentMb } from "./product.ts";
import type { Result } from "./result.ts";

export async function memory(): Promise<Result> {
  const product = await makeProduct(benchPeople);
  try {
    const { pid } = await product.serve();
    const atReadyMb = Math.round(residentMb(pid));
    await delay(60_000); // the passing minute is what is measured
    const afterMinuteMb = Math.round(residentMb(pid));
    return {
      figures: { people: benchPeople, atReadyMb, afterMinuteMb },
      sentence: `Memory: ${afterMinuteMb} MB resident 60 s after ready with ${benchPeople} people (${atReadyMb} MB at ready).`,
    };
  } finally {
    await product.stop();
  }
}
