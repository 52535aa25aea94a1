-- Sign-in with OpenID Connect: the applications, what the protocol keeps between two requests, and its signing keys.

-- A secret is 256 random bits and stands here only as its hash; a public application has none.
create table relying_party (
  id text primary key,
  name text not null unique,
  secret_hash text,
  redirect_uris text not null,
  post_logout_uris text not null,
  backchannel_logout_uri text,
  groups text not null,
  strength text not null,
  options text not null,
  created_at bigint not null
);

-- Codes, tokens, grants, sessions and interactions. Ids are keyed hashes and payloads are sealed, so that a copy of the
-- database is nobody's token. `uid` is what tokens name their session by, whose cookie changes.
create table oidc_item (
  id text primary key,
  model text not null,
  grant_id text,
  uid text,
  sealed_payload blob not null,
  consumed_at bigint,
  expires_at bigint not null
);
create index oidc_item_grant on oidc_item (grant_id);
create index oidc_item_uid on oidc_item (uid);
create index oidc_item_expiry on oidc_item (expires_at);

-- Which session of a browser the protocol's session belongs to, so that both end together.
create table oidc_session (
  uid text primary key,
  session_id text not null,
  expires_at bigint not null
);
create index oidc_session_session on oidc_session (session_id);
create index oidc_session_expiry on oidc_session (expires_at);

-- Signing keys. The newest whose time has come signs; it was published a day before, and stays so as long as tokens live.
create table oidc_key (
  id text primary key,
  alg text not null,
  version bigint not null,
  sealed_jwk blob not null,
  signs_from bigint not null,
  created_at bigint not null,
  unique (alg, version)
);

-- Applications to be told that a session has ended (back-channel logout).
create table oidc_logout (
  id text primary key,
  client_id text not null,
  user_id text not null,
  sid text not null,
  attempts bigint not null default 0,
  next_at bigint not null
);
create index oidc_logout_due on oidc_logout (next_at);
