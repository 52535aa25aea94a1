/**
 * The API as it is promised: paths, closed schemas, statuses. The server's routes, generated/openapi.json and the SDK's
 * types all come from here. Must stay true: every request schema is closed, so a misspelt field is never ignored.
 */

import { z } from "zod";
import { methods } from "#core/methods/index.ts";
import { applicationContract } from "./applications-contract.ts";
import { authenticatorsContract } from "./authenticators-contract.ts";
import { blocksContract } from "./blocks-contract.ts";
import { bodyFailures, failures, headers, none, problem, problems, username } from "./contract-parts.ts";
import { gatewayContract } from "./gateways-contract.ts";
import { helpDeskContract } from "./help-desk-contract.ts";
import { registrationContract } from "./registrations-contract.ts";
import { tokenContract } from "./tokens-contract.ts";
import { voiceContract } from "./voice-contract.ts";

const method = z
  .enum([...methods.keys()] as [string, ...string[]])
  .meta({ description: "The method wanted; the person's default, or the next that can be used, otherwise." });
const nonce = z
  .string()
  .min(1)
  .max(128)
  .meta({ description: "The caller's own random text; the signed verdict repeats it." });

const verificationRequest = z
  .strictObject({
    username,
    password: z.string().min(1).max(1024).optional().meta({
      description: "For keys whose passwords are checked here; refused for the others.",
    }),
    code: z.string().min(1).max(64).optional().meta({ description: "A code that the person has entered already." }),
    method: method.optional(),
    clientIp: z
      .union([z.ipv4(), z.ipv6()])
      .optional()
      .meta({ description: "Where the person comes from, for the record." }),
    nonce: nonce.optional(),
  })
  .meta({ id: "VerificationRequest" });

const answerRequest = z
  .strictObject({
    username: username.meta({
      description: "Who is signing in. An answer to another person's challenge is denied, even a right one.",
    }),
    response: z.string().min(1).max(64).meta({
      description: "The code, or the digit of another method.",
    }),
    nonce: nonce.optional(),
  })
  .meta({ id: "AnswerRequest" });

const prompt = z
  .strictObject({
    kind: z.enum(["code", "wait"]).meta({
      description:
        "A code to be entered, or an answer that the person gives on the phone: read the verification until then.",
    }),
    number: z.string().optional().meta({ description: "What the person types on the phone: show it." }),
    pin: z.literal(true).optional().meta({ description: "The PIN follows the code." }),
    method: z.string(),
    language: z.string().nullable().meta({ description: "The person's language." }),
    length: z.int().meta({ description: "How many digits are asked for." }),
    sentTo: z.string().optional().meta({ description: "Where the code went, masked." }),
    token: z.string().optional().meta({ description: "Which hardware token, as its owner calls it." }),
    digit: z.int(),
    others: z
      .array(
        z.strictObject({
          digit: z.int(),
          method: z.string(),
          sentTo: z.string().optional(),
          token: z.string().optional(),
        }),
      )
      .meta({ description: "Methods that may be had instead: answer with the digit." }),
  })
  .meta({ id: "Prompt" });

const verification = z
  .strictObject({
    id: z.string().nullable().meta({ description: "Of the challenge; null when there is none." }),
    status: z.enum(["allowed", "challenge", "denied", "unavailable"]),
    correlationId: z.string().meta({ description: "For the person to quote; grants nothing." }),
    retry: z.literal(true).optional().meta({ description: "Denied, and another answer may be sent." }),
    prompt: prompt.optional(),
    expiresAt: z.int().optional().meta({ description: "Of the challenge; epoch milliseconds." }),
    verdict: z.string().meta({
      description:
        "Compact JWS (HS256) of iss, aud, iat, nonce, sub, app, result, challenge, cid. Believe this and not the status: the key is HKDF-SHA256 of the API key's secret, no salt, info `countersign verdict`, 32 octets. Let in once for each nonce that you made.",
    }),
  })
  .meta({ id: "Verification" });
export type VerificationBody = z.output<typeof verification>;

const verifications = (description: string) => ({
  description,
  content: { "application/json": { schema: verification } },
});

const answers = {
  200: verifications("Allowed."),
  202: verifications("A challenge waits for its answer."),
  403: {
    description: "Denied, whatever the reason; or, as a problem, the key lacks the scope.",
    content: {
      "application/json": { schema: verification },
      "application/problem+json": { schema: problem },
    },
  },
  503: verifications("Could not be decided. This is no permission."),
};
const params = z.strictObject({ id: z.string().max(64) });
const tags = ["verifications"];

export const verificationContract = {
  begin: {
    method: "POST",
    url: "/api/v1/verifications",
    config: { scope: "verify" },
    schema: {
      operationId: "beginVerification",
      summary: "Verify a person: ends at once when a right code came along, asks for one otherwise",
      tags,
      headers,
      querystring: none,
      body: verificationRequest,
      response: {
        ...answers,
        ...failures,
        ...bodyFailures,
      },
    },
  },
  answer: {
    method: "POST",
    url: "/api/v1/verifications/:id/answers",
    config: { scope: "verify" },
    schema: {
      operationId: "answerVerification",
      summary: "Answer a challenge",
      tags,
      headers,
      querystring: none,
      params,
      body: answerRequest,
      response: {
        ...answers,
        ...failures,
        ...bodyFailures,
      },
    },
  },
  read: {
    method: "GET",
    url: "/api/v1/verifications/:id",
    config: { scope: "verify" },
    schema: {
      operationId: "readVerification",
      summary: "How a verification stands; waits for its end when asked to",
      description:
        "What the person approves on the phone is told to the first who reads it, and to nobody after; a code that was typed is allowed in the answer to whoever brought it, and reads as denied here.",
      tags,
      querystring: z.strictObject({
        wait: z
          .string()
          .regex(/^(?:1?[0-9]|2[0-5])s$/)
          .optional()
          .meta({ description: "How long to wait for the end, 25s at most." }),
        username: username
          .optional()
          .meta({ description: "Who is signing in; another person's verification is then not found." }),
        nonce: nonce.optional(),
      }),
      params,
      response: { ...answers, ...failures, 404: problems("This key has no such verification.") },
    },
  },
} as const;

/** All that there is: operations by name. */
export const contract = {
  ...verificationContract,
  ...registrationContract,
  ...helpDeskContract,
  ...blocksContract,
  ...authenticatorsContract,
  ...applicationContract,
  ...tokenContract,
  ...gatewayContract,
  ...voiceContract,
};
