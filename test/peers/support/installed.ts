import { findProgram } from "../../support/process.ts";

/** Whether a peer is there to test with; a test that is left out says why. */
export function installed(...programs: string[]): boolean {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  if (missing.length > 0) console.warn(`left out, for want of ${missing.join(", ")}`);
  return missing.length === 0;
}
