-- Times are epoch milliseconds (bigint). Columns named `sealed` hold AES-256-GCM with table, column, row id and key
-- version as associated data. Ids are ours. Both databases read this file; `blob` is a domain over bytea on PostgreSQL.

create table setting (
  name text primary key,
  value text not null,
  changed_at bigint not null
);

-- Keys that seal and sign, themselves wrapped by the master key that is not in the database.
create table data_key (
  id text primary key,
  purpose text not null,
  version bigint not null,
  wrapped blob not null,
  seals bigint not null default 0,
  created_at bigint not null,
  unique (purpose, version)
);

-- One row a running server; `seq` and `mac` are the head of its chain in `log`.
create table node (
  id text primary key,
  name text not null,
  address text not null,
  seq bigint not null default 0,
  mac blob not null,
  seen_at bigint not null
);

-- Rows with an import id exist for the rest of the system only once `committed_at` is set.
create table import (
  id text primary key,
  kind text not null,
  file_sha256 text not null,
  accepted bigint not null default 0,
  started_at bigint not null,
  committed_at bigint
);

create table person (
  id text primary key,
  name_key text not null unique,
  username text not null,
  display_name text,
  first_name text,
  last_name text,
  email text,
  mobile_phone text,
  backup_phone text,
  phone_extension text,
  language text,
  groups text not null default '[]',
  state text not null,
  password_hash text,
  default_method text,
  import_id text,
  created_at bigint not null
);

-- `counter` is the newest step or code accepted: triggers keep it from falling. `fails` counts attempts not given back,
-- `day_cost` what they cost since `day_start`.
create table factor (
  id text primary key,
  user_id text not null references person (id) on delete cascade,
  method text not null,
  name text,
  state text not null,
  sealed_secret blob,
  parameters text not null default '',
  address text,
  counter bigint not null default 0,
  drift bigint not null default 0,
  fails bigint not null default 0,
  attempted_at bigint not null default 0,
  locked_until bigint not null default 0,
  day_cost bigint not null default 0,
  day_start bigint not null default 0,
  expires_at bigint,
  import_id text,
  created_at bigint not null,
  last_used_at bigint
);
create index factor_user on factor (user_id);

-- `round` rises with each answer, so that an answer can insist on the newest. `join_key` names client, person and station.
create table challenge (
  id text primary key,
  user_id text not null references person (id) on delete cascade,
  factor_id text not null,
  method text not null,
  application_id text not null,
  join_key text,
  state text not null,
  round bigint not null,
  tries bigint not null,
  expected blob,
  offered text not null,
  correlation_id text not null,
  created_at bigint not null,
  expires_at bigint not null
);
create index challenge_user on challenge (user_id);
create index challenge_factor on challenge (factor_id);
create index challenge_join on challenge (join_key);
create index challenge_expiry on challenge (expires_at);

-- The audit: one gapless keyed chain a node. Only ids, codes and times; `commitment` binds the row of `personal`.
create table log (
  node_id text not null,
  seq bigint not null,
  id text not null,
  at bigint not null,
  kind text not null,
  actor text,
  correlation_id text,
  user_id text,
  application_id text,
  protocol text,
  method text,
  mode text,
  result text not null,
  authenticated bigint not null,
  gate text,
  challenge_id text,
  policy_version bigint,
  detail text,
  commitment blob,
  mac blob not null,
  primary key (node_id, seq)
);
create index log_at on log (at);
create index log_user on log (user_id, at);
create index log_correlation on log (correlation_id);

-- What the log says about people, beside the chain: erasing a row leaves the chain whole.
create table personal (
  node_id text not null,
  seq bigint not null,
  salt blob not null,
  fields text not null,
  primary key (node_id, seq)
);

-- Messages to send, written with the decision that needs them.
create table outbox (
  id text primary key,
  channel text not null,
  challenge_id text,
  sealed_payload blob not null,
  state text not null,
  attempts bigint not null default 0,
  next_at bigint not null,
  created_at bigint not null
);
create index outbox_due on outbox (state, next_at);

-- The simulated carrier's inbox (evaluation).
create table phone_message (
  id text primary key,
  sealed_payload blob not null,
  at bigint not null
);

create table radius_client (
  id text primary key,
  name text not null unique,
  addresses text not null,
  application text not null,
  sealed_secret blob not null,
  options text not null,
  pinned bigint not null default 0,
  created_at bigint not null
);

-- What was answered to a RADIUS client's port and Identifier, so that any node answers a repetition the same, and which
-- node is at work on it. A new Authenticator takes the row over (RFC 5080, 2.2.2), so the table stays as small as the ports.
create table radius_request (
  peer text primary key,
  authenticator text not null,
  claimed_until bigint not null,
  outcome text,
  expires_at bigint not null
);

create table api_key (
  id text primary key,
  name text not null unique,
  sealed_secret blob not null,
  scopes text not null,
  options text not null,
  created_at bigint not null,
  expires_at bigint,
  revoked_at bigint
);

-- Nonces and idempotency keys of integrations: an id exists once.
create table api_request (
  id text primary key,
  body_hash text,
  response text,
  expires_at bigint not null
);
create index api_request_expiry on api_request (expires_at);

-- Counters in a window: texts sent, wrong passwords.
create table throttle (
  id text primary key,
  count bigint not null,
  start bigint not null,
  expires_at bigint not null
);
create index throttle_expiry on throttle (expires_at);
