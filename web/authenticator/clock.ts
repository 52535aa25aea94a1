// The server's time, from a device whose own clock may be wrong: codes and signatures go by it.

/** Less than this is the way there and back, and no wrong clock. */
const unnoticedMs = 2000;

type Answered = { serverTime: number; sentAt: number; receivedAt: number };

/** What to add to the device's time; 0 for a clock that is right. */
export function clockOffset({ serverTime, sentAt, receivedAt }: Answered): number {
  const offset = Math.round(serverTime - (sentAt + receivedAt) / 2);
  return Math.abs(offset) < unnoticedMs + (receivedAt - sentAt) / 2 ? 0 : offset;
}

/** How much of the code's time is left: 1 is all of it. */
export const leftOf = (moment: number, periodSeconds: number): number =>
  1 - ((moment / 1000) % periodSeconds) / periodSeconds;
