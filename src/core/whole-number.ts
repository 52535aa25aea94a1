import { z } from "zod";

/** A whole number of a range, whose refusal says the range: zod's own names the one end that was passed. */
export function wholeNumber(min: number, max: number) {
  const error = `is no whole number from ${min} to ${max}`;
  return z.int(error).min(min, error).max(max, error);
}
