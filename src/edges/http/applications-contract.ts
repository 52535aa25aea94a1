/** The contract's part about applications that sign people in with OpenID Connect. */

import { z } from "zod";
import { idTokenAlgs } from "#core/relying-party.ts";
import { strengths } from "#core/strength.ts";
import { none, operation } from "./contract-parts.ts";

const scope = "applications";
const url = "/api/v1/applications";
const one = `${url}/:name`;

const uri = z.string().min(1).max(2000);
const uris = z.array(uri).max(100);
const name = z.string().min(1).max(200);
const params = z.strictObject({ name });

const fields = {
  redirectUris: uris.min(1).meta({ description: "Exact addresses that browsers are sent back to." }),
  postLogoutUris: uris.meta({ description: "Exact addresses to go to after signing out." }),
  backchannelLogoutUri: z.string().max(2000).meta({ description: "Where it is told of a sign-out; empty: nowhere." }),
  groups: z.array(name).max(1000).meta({ description: "Whom it is for; none: everybody." }),
  strength: z.enum(strengths).meta({ description: "What signing in takes at least." }),
  logoUri: z.string().max(2000),
  multipleauthn: z.boolean().meta({ description: "amr also says it when more than one factor was verified." }),
  intranet: z.boolean().meta({ description: "backchannelLogoutUri may be in the own network." }),
  idTokenAlg: z.enum(idTokenAlgs),
};
const changes = z.strictObject(fields).partial();

const application = z
  .strictObject({
    ...fields,
    id: z.string().meta({ description: "The client id." }),
    name,
    isPublic: z.boolean(),
    backchannelLogoutUri: z.string().nullable(),
    logoUri: z.string().optional(),
    createdAt: z.int().meta({ description: "Epoch milliseconds." }),
  })
  .meta({ id: "Application" });
const withSecret = application
  .extend({ secret: z.string().optional().meta({ description: "Shown this once." }) })
  .meta({ id: "ApplicationWithSecret" });

export const applicationContract = {
  listApplications: operation({
    method: "GET",
    url,
    scope,
    operationId: "listApplications",
    summary: "The applications that sign people in with OpenID Connect",
    params: none,
    answer: z.strictObject({ applications: z.array(application) }).meta({ id: "Applications" }),
  }),
  addApplication: operation({
    method: "POST",
    url,
    scope,
    operationId: "addApplication",
    summary: "Let an application sign people in with OpenID Connect",
    params: none,
    body: changes
      .extend({
        name,
        redirectUris: fields.redirectUris,
        isPublic: z.boolean().optional().meta({ description: "It can keep no secret." }),
      })
      .meta({ id: "NewApplication" }),
    answer: withSecret,
  }),
  readApplication: operation({
    method: "GET",
    url: one,
    scope,
    operationId: "readApplication",
    summary: "One application",
    params,
    answer: application,
  }),
  changeApplication: operation({
    method: "PATCH",
    url: one,
    scope,
    operationId: "changeApplication",
    summary: "Change an application: what is not named stays as it is",
    params,
    body: changes
      .extend({
        newSecret: z.boolean().optional().meta({ description: "Make a new secret; the old one ends at once." }),
      })
      .meta({ id: "ApplicationChanges" }),
    answer: withSecret,
  }),
  removeApplication: operation({
    method: "DELETE",
    url: one,
    scope,
    operationId: "removeApplication",
    summary: "Let an application sign nobody in any more",
    params,
    answer: z.strictObject({ name }).meta({ id: "RemovedApplication" }),
  }),
};
