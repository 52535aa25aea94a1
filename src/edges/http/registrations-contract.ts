/** The contract's part about registrations: asking that a person sets up a method before going on. */

import { z } from "zod";
import { askableReasons, reasons } from "#core/registration.ts";
import { none, operation, username } from "./contract-parts.ts";

const scope = "registrations";

const request = z
  .strictObject({
    username,
    reason: z.enum(askableReasons).meta({ description: "The sign-in page says it to the person." }),
    returnTo: z.string().min(1).max(2048).optional().meta({
      description:
        "Where the browser goes in the end: a path here, or an address at the origin of an application's redirect URI.",
    }),
  })
  .meta({ id: "RegistrationRequest" });

const registration = z
  .strictObject({
    id: z.string().meta({ description: "Of the person." }),
    username: z.string(),
    pending: z.boolean().meta({ description: "The person has still to register a method." }),
    reason: z
      .enum(reasons)
      .nullable()
      .meta({ description: "Why, when pending. `help_desk` stands before what an integration asks for." }),
    url: z.string().meta({ description: "Where to send the person's browser." }),
  })
  .meta({ id: "Registration" });

export const registrationContract = {
  askToRegister: operation({
    method: "POST",
    url: "/api/v1/registrations",
    scope,
    operationId: "askToRegister",
    summary: "Ask that a person registers a method at the next sign-in, before going on",
    params: none,
    body: request,
    answer: registration,
  }),
  readRegistration: operation({
    method: "GET",
    url: "/api/v1/registrations/:username",
    scope,
    operationId: "readRegistration",
    summary: "Whether a person has still to register a method",
    params: z.strictObject({ username }),
    answer: registration,
  }),
};
