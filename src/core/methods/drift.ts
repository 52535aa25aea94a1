const bound = 10;

/** what is learned of a clock leads no further away than this, or than where codes in a row have shown it to be. */
export function learned(drift: number, towards: number): number {
  const furthest = Math.max(bound, Math.abs(drift));
  return Math.max(-furthest, Math.min(furthest, drift + Math.sign(towards)));
}
