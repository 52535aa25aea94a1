/** What a person's own pages are told, as it is promised. Must stay true: numbers are masked; of the person it is and of nobody else. */

import { z } from "zod";

const time = z.int().meta({ description: "Epoch milliseconds." });
export const cursor = z.string().max(200);

export const me = z
  .strictObject({
    username: z.string(),
    displayName: z.string().nullable(),
    language: z.string().nullable(),
    organisation: z.string(),
    support: z.strictObject({ name: z.string(), phone: z.string(), email: z.string(), hours: z.string() }),
    protection: z.enum(["strong", "fine", "weak"]),
    advice: z
      .enum(["any", "passkey", "safer", "backup", "codes"])
      .nullable()
      .meta({ description: "The one thing that would help most." }),
    codesLeft: z.int().meta({ description: "Recovery codes that are still good." }),
    mayMakeCodes: z.boolean(),
    hasPassword: z.boolean().meta({ description: "The password is kept here, and can be changed here." }),
    pin: z
      .strictObject({ has: z.boolean(), shortest: z.int() })
      .nullable()
      .meta({ description: "The PIN of calls and texts; null: nothing asks for one." }),
    csrf: z
      .string()
      .meta({ description: "Goes into the header x-countersign-csrf of every request that changes something." }),
  })
  .meta({ id: "Me" });
export const method = z
  .strictObject({
    id: z.string(),
    kind: z.string(),
    name: z.string().nullable(),
    number: z.string().nullable().meta({ description: "What is texted or called, masked." }),
    extension: z.string().nullable(),
    serial: z.string().nullable().meta({ description: "Of a hardware token, as it stands on it." }),
    backup: z.string().nullable().meta({ description: "Called when nobody answers at the number; masked." }),
    createdAt: time,
    lastUsedAt: time.nullable(),
    state: z.enum(["ready", "locked", "lost", "off"]),
    first: z.boolean().meta({ description: "Its kind is asked for first." }),
    codesLeft: z.int().nullable(),
    verifies: z.boolean().meta({ description: "Not only a way to another method." }),
  })
  .meta({ id: "OwnMethod" });
export const session = z
  .strictObject({
    id: z.string(),
    current: z.boolean(),
    clientIp: z.string().nullable(),
    userAgent: z.string().nullable(),
    createdAt: time,
    seenAt: time,
  })
  .meta({ id: "OwnSession" });
export const device = z
  .strictObject({
    id: z.string(),
    userAgent: z.string().nullable(),
    createdAt: time,
    usedAt: time,
    expiresAt: time,
  })
  .meta({ id: "OwnDevice" });
export const app = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    kind: z.string().meta({ description: "phone, tablet, desktop or other." }),
    platform: z.string(),
    push: z.enum(["web", "none"]).meta({ description: "none: it asks only while it is open." }),
    state: z.enum(["ready", "blocked"]),
    createdAt: time,
    lastSeenAt: time.nullable(),
  })
  .meta({ id: "OwnApp" });
export const signIn = z
  .strictObject({
    id: z.string(),
    at: time,
    application: z.string().nullable().meta({ description: "null: this account's own page." }),
    method: z.string().nullable(),
    clientIp: z.string().nullable(),
    outcome: z.enum(["verified", "let_in", "refused"]).meta({
      description: "let_in: without a second step, which the application or a remembered browser spared.",
    }),
    reason: z.enum(["password", "code", "late", "denied", "unanswered", "paused", "other"]).nullable(),
  })
  .meta({ id: "OwnSignIn" });

export const problemTypes = { plain: "about:blank", confirm: "insufficient_user_authentication" } as const;
const pinReasons = ["pin_form", "pin_length", "pin_all_same", "pin_sequential", "pin_phone", "pin_history"] as const;
export const problem = z
  .strictObject({
    type: z.enum([problemTypes.plain, problemTypes.confirm]),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    correlationId: z.string(),
    reason: z
      .enum([
        "last_method",
        "wrong_password",
        "throttled",
        "unavailable",
        "no_password",
        "not_in_a_row",
        "short",
        "long",
        "name",
        "common",
        ...pinReasons,
      ])
      .optional()
      .meta({ description: "Why it was not done, for the page to say in words." }),
    location: z
      .string()
      .optional()
      .meta({ description: "With insufficient_user_authentication: where the person verifies; it leads back." }),
  })
  .meta({ id: "OwnProblem", description: "RFC 9457" });
export type OwnProblem = z.output<typeof problem>;
