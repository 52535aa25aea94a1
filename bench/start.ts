// How long a stopped server takes to be ready again with 20,000 people: from the start of its process to the first 200 of
// /health/ready, the median of five.
import { benchPeople } from "./people.ts";
import { makeProduct } from "./product.ts";
import { median, type Result } from "./result.ts";

export async function start(): Promise<Result> {
  const product = await makeProduct(benchPeople);
  try {
    const readyMs: number[] = [];
    for (let round = 0; round < 5; round++) {
      readyMs.push((await product.serve()).readyMs);
      await product.halt();
    }
    const medianMs = median(readyMs);
    return {
      figures: { people: benchPeople, readyMs, medianMs },
      sentence: `Start: ready after ${medianMs} ms with ${benchPeople} people (median of ${readyMs.length}).`,
    };
  } finally {
    await product.stop();
  }
}
