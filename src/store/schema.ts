/** The tables as Kysely sees them; the SQL in migrations/ is the truth, and rows never leave store/. */

import type { Generated } from "kysely";

type Blob = Uint8Array;

export type Tables = {
  setting: { name: string; value: string; changed_at: number };
  data_key: {
    id: string;
    purpose: string;
    version: number;
    wrapped: Blob;
    seals: number;
    created_at: number;
  };
  node: { id: string; name: string; address: string; seq: number; mac: Blob; seen_at: number };
  import: {
    id: string;
    kind: string;
    file_sha256: string;
    accepted: number;
    started_at: number;
    committed_at: number | null;
  };
  person: {
    id: string;
    name_key: string;
    username: string;
    display_name: string | null;
    first_name: string | null;
    last_name: string | null;
    email: string | null;
    mobile_phone: string | null;
    backup_phone: string | null;
    phone_extension: string | null;
    language: string | null;
    groups: string;
    state: string;
    password_hash: string | null;
    password_expired: Generated<number>;
    directory_id: string | null;
    directory_key: string | null;
    default_method: string | null;
    import_id: string | null;
    created_at: number;
    registered_at: number | null;
    must_register: string | null;
    register_until: number | null;
    first_page_at: number | null;
    webauthn_id: string | null;
  };
  factor: {
    id: string;
    user_id: string;
    method: string;
    name: string | null;
    state: string;
    sealed_secret: Blob | null;
    parameters: string;
    address: string | null;
    counter: number;
    drift: number;
    fails: number;
    attempted_at: number;
    locked_until: number;
    day_cost: number;
    day_start: number;
    expires_at: number | null;
    import_id: string | null;
    created_at: number;
    last_used_at: number | null;
    credential_id: string | null;
    rp_id: string | null;
  };
  challenge: {
    id: string;
    user_id: string;
    factor_id: string;
    method: string;
    application_id: string;
    join_key: string | null;
    name_key: string | null;
    state: string;
    round: number;
    tries: number;
    expected: Blob | null;
    offered: string;
    correlation_id: string;
    created_at: number;
    expires_at: number;
  };
  log: {
    node_id: string;
    seq: number;
    id: string;
    at: number;
    kind: string;
    actor: string | null;
    correlation_id: string | null;
    user_id: string | null;
    application_id: string | null;
    protocol: string | null;
    method: string | null;
    mode: string | null;
    result: string;
    authenticated: number;
    gate: string | null;
    challenge_id: string | null;
    policy_version: number | null;
    detail: string | null;
    commitment: Blob | null;
    mac: Blob;
  };
  personal: { node_id: string; seq: number; salt: Blob; fields: string };
  outbox: {
    id: string;
    channel: string;
    challenge_id: string | null;
    sealed_payload: Blob;
    state: string;
    attempts: number;
    next_at: number;
    created_at: number;
    user_id: string | null;
  };
  directory: {
    id: string;
    name: string;
    urls: string;
    base: string;
    bind_dn: string;
    sealed_password: Blob;
    ca: string | null;
    created_at: number;
  };
  phone_message: { id: string; sealed_payload: Blob; at: number };
  mail_message: { id: string; sealed_payload: Blob; at: number };
  radius_client: {
    id: string;
    name: string;
    addresses: string;
    application: string;
    sealed_secret: Blob;
    options: string;
    pinned: number;
    created_at: number;
  };
  radius_request: {
    peer: string;
    authenticator: string;
    claimed_until: number;
    outcome: string | null;
    expires_at: number;
  };
  api_key: {
    id: string;
    name: string;
    sealed_secret: Blob;
    scopes: string;
    options: string;
    created_at: number;
    expires_at: number | null;
    revoked_at: number | null;
  };
  api_request: { id: string; body_hash: string | null; response: string | null; expires_at: number };
  sign_in: { id: string; browser_hash: string; state: string; version: number; expires_at: number };
  session: {
    id: string;
    token_hash: string;
    user_id: string;
    proven: string;
    client_ip: string | null;
    user_agent: string | null;
    created_at: number;
    seen_at: number;
    expires_at: number;
  };
  remembered_device: {
    id: string;
    token_hash: string;
    user_id: string;
    user_agent: string | null;
    created_at: number;
    used_at: number;
    expires_at: number;
  };
  protected_site: { id: string; name: string; host: string; rules: string; created_at: number };
  site_ticket: {
    token_hash: string;
    site_id: string;
    session_id: string;
    state_hash: string;
    return_to: string;
    expires_at: number;
  };
  site_session: {
    token_hash: string;
    site_id: string;
    session_id: string;
    seen_at: number;
    expires_at: number;
  };
  ceremony: { id: string; expires_at: number };
  throttle: { id: string; count: number; start: number; expires_at: number };
  relying_party: {
    id: string;
    name: string;
    secret_hash: string | null;
    redirect_uris: string;
    post_logout_uris: string;
    backchannel_logout_uri: string | null;
    groups: string;
    strength: string;
    options: string;
    created_at: number;
  };
  oidc_item: {
    id: string;
    model: string;
    grant_id: string | null;
    uid: string | null;
    sealed_payload: Blob;
    consumed_at: number | null;
    expires_at: number;
  };
  oidc_key: { id: string; alg: string; version: number; sealed_jwk: Blob; signs_from: number; created_at: number };
  oidc_logout: { id: string; client_id: string; user_id: string; sid: string; attempts: number; next_at: number };
};
