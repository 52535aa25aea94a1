/** How long what is given out lives, in seconds. */

export const minute = 60;
const day = 24 * 60 * minute;
/** a refresh token ends when it is not used for two weeks, and its family after a month in any case. */
const idleSeconds = 14 * day;
export const lifeSeconds = 30 * day;

/** Of a token whose family is so old. */
export const refreshSeconds = (age: number): number =>
  Math.max(1, Math.min(idleSeconds, Math.floor(lifeSeconds - age)));
