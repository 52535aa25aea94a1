/** The contract's part about blocks. Numbers come in bodies alone: an address ends up in logs. */

import { z } from "zod";
import { operation, username } from "./contract-parts.ts";

const scope = "helpdesk";
const time = z.int().meta({ description: "Epoch milliseconds." });
const reason = z.string().min(1).max(1000);
const number = z
  .string()
  .min(1)
  .max(64)
  .meta({ description: "E.164, or as it is written in `phone.default-country`." });
const days = z
  .int()
  .min(1)
  .max(3650)
  .optional()
  .meta({ description: "For so long; as the setting `block.days` says otherwise." });
const person = z.strictObject({ username });
const none = z.strictObject({});
const ended = z.strictObject({ ended: z.array(z.string()) }).meta({ id: "EndedBlocks" });

const block = z
  .strictObject({
    id: z.string(),
    userId: z.string().nullable(),
    username: z.string().nullable(),
    number: z.string().nullable().meta({ description: "Masked: the one blocked, or the one that reported fraud." }),
    extension: z.string().nullable(),
    blocked: z.boolean().meta({ description: "Whether it stands now." }),
    reason: z.string().nullable(),
    by: z.string(),
    at: time,
    until: time,
    endedAt: time.nullable(),
    endedBy: z.string().nullable(),
    endedReason: z.string().nullable(),
    fraud: z.boolean().meta({ description: "Made by a fraud report." }),
    fraudNotBlocked: z.boolean().meta({ description: "A fraud report that blocked nobody." }),
    language: z.string().nullable(),
    applicationId: z.string().nullable(),
    correlationId: z.string().nullable(),
  })
  .meta({ id: "Block" });

export const blocksContract = {
  blockUser: operation({
    method: "POST",
    url: "/api/v1/users/:username/block",
    scope,
    operationId: "blockUser",
    summary: "Refuse every sign-in of a person for a time, and sign them out everywhere",
    params: person,
    body: z.strictObject({ reason, days }).meta({ id: "BlockRequest" }),
    answer: z.strictObject({ id: z.string(), until: time }).meta({ id: "BlockedPerson" }),
  }),
  unblockUser: operation({
    method: "POST",
    url: "/api/v1/users/:username/unblock",
    scope,
    operationId: "unblockUser",
    summary: "Lift a person's blocks",
    params: person,
    body: z.strictObject({ reason }).meta({ id: "UnblockRequest" }),
    answer: ended,
  }),
  blockNumber: operation({
    method: "POST",
    url: "/api/v1/numbers/block",
    scope,
    operationId: "blockNumber",
    summary: "Send no text and no call to a number for a time",
    params: none,
    body: z.strictObject({ number, reason, days }).meta({ id: "BlockNumberRequest" }),
    answer: z.strictObject({ id: z.string(), number: z.string(), until: time }).meta({ id: "BlockedNumber" }),
  }),
  unblockNumber: operation({
    method: "POST",
    url: "/api/v1/numbers/unblock",
    scope,
    operationId: "unblockNumber",
    summary: "Lift a number's blocks",
    params: none,
    body: z.strictObject({ number, reason }).meta({ id: "UnblockNumberRequest" }),
    answer: ended,
  }),
  listBlocks: operation({
    method: "POST",
    url: "/api/v1/blocks/search",
    scope,
    operationId: "listBlocks",
    summary: "Blocks, newest first: those that stand, or all that are kept",
    params: none,
    body: z
      .strictObject({
        username: username.optional(),
        number: number.optional(),
        ended: z.boolean().optional().meta({ description: "Also those that have ended." }),
        after: z.string().max(100).optional().meta({ description: "`next` of the page before." }),
        limit: z.int().min(1).max(1000).default(100),
      })
      .meta({ id: "BlocksRequest" }),
    answer: z.strictObject({ blocks: z.array(block), next: z.string().optional() }).meta({ id: "Blocks" }),
  }),
};
