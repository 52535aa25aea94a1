/** The contract's part about how the tokens that were given out do. */

import { z } from "zod";
import { operation } from "./contract-parts.ts";

const scope = "tokens";
const time = z.int().meta({ description: "Epoch milliseconds." });
const number = (description: string) =>
  z
    .string()
    .regex(/^\d{1,4}$/)
    .optional()
    .meta({ description });

const counts = z.strictObject({
  available: z.int(),
  assigned: z.int(),
  activated: z.int(),
  lost: z.int(),
  revoked: z.int(),
  expired: z.int(),
  expiring: z.int(),
});
const clocks = z
  .strictObject({ tokens: z.int(), mean: z.number(), least: z.int(), most: z.int() })
  .meta({ id: "TokenClocks", description: "Intervals ahead, or behind where negative." });
const remarkable = z
  .strictObject({
    id: z.string(),
    serial: z.string(),
    manufacturer: z.string(),
    username: z.string().nullable(),
    drift: z.int(),
    seenAt: time.meta({ description: "When it was used last, or activated." }),
  })
  .meta({ id: "RemarkableToken" });

export const tokenHealthContract = {
  checkTokens: operation({
    method: "GET",
    url: "/api/v1/token-health",
    scope,
    operationId: "checkTokens",
    summary: "Tokens by state, maker and import; whose clocks are far off, which are not used, which end",
    params: z.strictObject({}),
    query: z.strictObject({
      edge: number("Intervals off that put a token on the list, 7 where it is not said."),
      unseenDays: number("90 where it is not said."),
      expiringDays: number("60 where it is not said."),
      limit: number("Of each list; 100 where it is not said, 1,000 at most."),
    }),
    answer: z
      .strictObject({
        total: counts,
        vendors: z.array(counts.extend({ vendor: z.string() })),
        batches: z.array(
          counts.extend({ importId: z.string(), vendor: z.string(), importedAt: time, clocks: clocks.nullable() }),
        ),
        astray: z.array(remarkable).meta({ description: "The furthest off first." }),
        unseen: z.array(remarkable).meta({ description: "The longest unused first." }),
      })
      .meta({ id: "TokenHealth" }),
  }),
  tokenDrift: operation({
    method: "GET",
    url: "/api/v1/tokens/:serial/drift",
    scope,
    operationId: "tokenDrift",
    summary: "Where a token's clock stood on the days on which that changed",
    params: z.strictObject({ serial: z.string().min(1).max(256) }),
    answer: z
      .strictObject({ serial: z.string(), drift: z.array(z.strictObject({ day: time, drift: z.int() })) })
      .meta({ id: "TokenDrift" }),
  }),
  batchDrift: operation({
    method: "GET",
    url: "/api/v1/token-imports/:importId/drift",
    scope,
    operationId: "batchDrift",
    summary: "Where the clocks of an import stood on the first of each month of the last year, and today",
    params: z.strictObject({ importId: z.string().max(64) }),
    answer: z
      .strictObject({ importId: z.string(), drift: z.array(clocks.extend({ day: time })) })
      .meta({ id: "BatchDrift" }),
  }),
};
