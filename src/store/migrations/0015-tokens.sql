-- Hardware tokens, as a file brought them. `serial_key` and `maker_key` are what makes one unique; `seed_mac` is the keyed hash
-- by which a seed under two serials shows (R-088). State: available, assigned, activated, lost, revoked. `counter` and `drift` are
-- those of the factor while there is one, and are given back when it goes.
create table token (
  id text primary key,
  serial text not null,
  serial_key text not null,
  manufacturer text not null,
  maker_key text not null,
  model text,
  type text not null,
  parameters text not null,
  sealed_secret blob not null,
  seed_mac blob not null unique,
  counter bigint not null,
  drift bigint not null,
  state text not null,
  user_id text,
  starts_at bigint,
  expires_at bigint,
  import_id text not null,
  created_at bigint not null,
  unique (serial_key, maker_key)
);
create index token_user on token (user_id);
create index token_import on token (import_id);

-- The token that the factor's codes come from.
alter table factor add column token_id text;
create unique index factor_token on factor (token_id) where token_id is not null;
