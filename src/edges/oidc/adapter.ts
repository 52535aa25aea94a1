/** What the library keeps, kept by our actions. Must stay true: whoever takes a code or token second is told so by an error. */

import { errors, type Adapter, type AdapterPayload, type AllClientMetadata } from "oidc-provider";
import type { Deps } from "#actions/deps.ts";
import { findApplication, type RelyingParty } from "#actions/applications.ts";
import { forgetGranted, forgetItem, keepItem, loadItem, loadSessionItem, takeOnce } from "#actions/oidc-storage.ts";

export const adapterFor =
  (deps: Deps) =>
  (model: string): Adapter =>
    model === "Client" ? clients(deps) : items(deps, model);

/** For what the library can ask of an adapter, and nothing here needs. */
const unused = async (): Promise<undefined> => undefined;

const items = (deps: Deps, model: string): Adapter => ({
  upsert: async (id, payload, seconds = 0) => await keepItem(deps, { model, id, payload, lifeMs: seconds * 1000 }),
  find: async (id) => await loadItem<AdapterPayload>(deps, { model, id }),
  findByUid: async (uid) => await loadSessionItem<AdapterPayload>(deps, uid),
  // the library looks whether it was taken and takes it in two steps, between which another can come
  consume: async (id) => {
    if (await takeOnce(deps, { model, id })) return;
    if (model === "PushedAuthorizationRequest") throw new errors.InvalidRequestUri("request_uri was already used");
    throw new errors.InvalidGrant("grant request is invalid");
  },
  destroy: async (id) => await forgetItem(deps, { model, id }),
  revokeByGrantId: async (grantId) => await forgetGranted(deps, { model, grantId }),
  findByUserCode: unused,
});

const clients = (deps: Deps): Adapter => ({
  upsert: unused,
  find: async (id) => {
    const application = await findApplication(deps, id);
    return application && metadataOf(application);
  },
  findByUid: unused,
  consume: unused,
  destroy: unused,
  revokeByGrantId: unused,
  findByUserCode: unused,
});

const metadataOf = (application: RelyingParty & { secretHash: string | null }): AllClientMetadata => ({
  client_id: application.id,
  client_name: application.name,
  ...(application.secretHash === null
    ? { token_endpoint_auth_method: "none" }
    : // what a secret is compared with is its hash: see provider.ts
      { token_endpoint_auth_method: "client_secret_basic", client_secret: application.secretHash }),
  // R-162, RFC 8252 7.3: a program on the person's device listens on whichever loopback port is free
  application_type: isOnDevice(application) ? "native" : "web",
  redirect_uris: application.redirectUris,
  post_logout_redirect_uris: application.postLogoutUris,
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  id_token_signed_response_alg: application.idTokenAlg,
  ...(application.logoUri !== undefined && { logo_uri: application.logoUri }),
  ...(application.backchannelLogoutUri !== null && {
    backchannel_logout_uri: application.backchannelLogoutUri,
    backchannel_logout_session_required: true,
  }),
});
const isOnDevice = ({ isPublic, redirectUris }: RelyingParty) =>
  isPublic && redirectUris.some((uri) => !uri.startsWith("https:"));
