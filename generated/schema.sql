-- The schema of a new SQLite database, from src/store/migrations. Written by `npm run gen`.

CREATE TABLE activation (
  id text primary key,
  user_id text not null references person (id) on delete cascade,
  link_mac blob not null unique,
  code_mac blob not null,
  tries bigint not null default 0,
  state text not null,
  alone bigint not null,
  device_id text,
  begun_by text not null,
  created_at bigint not null,
  expires_at bigint not null
);

CREATE INDEX activation_device on activation (device_id);

CREATE INDEX activation_expiry on activation (expires_at);

CREATE INDEX activation_user on activation (user_id);

CREATE TABLE api_key (
  id text primary key,
  name text not null unique,
  sealed_secret blob not null,
  scopes text not null,
  options text not null,
  created_at bigint not null,
  expires_at bigint,
  revoked_at bigint
);

CREATE TABLE api_request (
  id text primary key,
  body_hash text,
  response text,
  expires_at bigint not null
);

CREATE INDEX api_request_expiry on api_request (expires_at);

CREATE TABLE block (
  id text primary key,
  user_id text references person (id) on delete cascade,
  number_hash text,
  number_shown text,
  extension text,
  cause text not null,
  blocks bigint not null,
  reason text,
  language text,
  application_id text,
  correlation_id text,
  begun_by text not null,
  begun_at bigint not null,
  until bigint not null,
  ended_by text,
  ended_at bigint,
  ended_reason text
);

CREATE INDEX block_of_number on block (number_hash);

CREATE INDEX block_of_user on block (user_id);

CREATE TABLE blocked_destination (
  id text primary key,
  sent bigint not null,
  answered bigint not null,
  blocked_at bigint not null,
  released_at bigint
);

CREATE TABLE call (
  id text primary key,
  message_id text not null,
  challenge_id text,
  user_id text not null,
  leg text not null,
  gateway_id text not null,
  application text not null,
  sealed_code blob,
  state text not null,
  version bigint not null,
  result text,
  started_at bigint not null,
  answered_at bigint,
  ended_at bigint
);

CREATE INDEX call_challenge on call (challenge_id);

CREATE INDEX call_started on call (started_at);

CREATE TABLE carrier_event (
  id text primary key,
  at bigint not null
);

CREATE INDEX carrier_event_at on carrier_event (at);

CREATE TABLE ceremony (
  id text primary key,
  expires_at bigint not null
);

CREATE INDEX ceremony_expiry on ceremony (expires_at);

CREATE TABLE challenge (
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
, name_key text, mode text not null default '', result text, holder text, application_name text, client_ip text, station text, is_fallback bigint not null default 0);

CREATE INDEX challenge_expiry on challenge (expires_at);

CREATE INDEX challenge_factor on challenge (factor_id);

CREATE INDEX challenge_join on challenge (join_key);

CREATE INDEX challenge_user on challenge (user_id);

CREATE TABLE data_key (
  id text primary key,
  purpose text not null,
  version bigint not null,
  wrapped blob not null,
  seals bigint not null default 0,
  created_at bigint not null,
  unique (purpose, version)
);

CREATE TABLE delivery (
  id text primary key,
  message_id text not null,
  attempt bigint not null,
  challenge_id text,
  user_id text,
  gateway_id text not null,
  gateway text not null,
  channel text not null,
  country text not null,
  to_mac blob not null,
  sender text not null,
  ref text,
  state text not null,
  reason text,
  started_at bigint not null,
  sent_at bigint,
  delivered_at bigint,
  used_at bigint,
  cost_micros bigint,
  currency text,
  unique (message_id, attempt)
);

CREATE INDEX delivery_challenge on delivery (challenge_id);

CREATE INDEX delivery_ref on delivery (gateway_id, ref);

CREATE INDEX delivery_started on delivery (started_at);

CREATE INDEX delivery_to on delivery (to_mac, started_at);

CREATE TRIGGER device_goes_astray after delete on device
  begin
    insert into stray_device (id, user_id, name, public_key, why)
      select old.id, p.id, old.name, old.public_key, case old.state when 'proving' then 'unfinished' else 'removed' end
      from person p where p.id = old.user_id
      on conflict (id) do update set why = excluded.why;
  end;

CREATE TRIGGER device_takes_push after delete on device
  when not exists (select 1 from device d where d.user_id = old.user_id and d.state <> 'proving')
  begin
    delete from factor where user_id = old.user_id and method = 'push';
  end;

CREATE TABLE device (
  id text primary key,
  user_id text not null references person (id) on delete cascade,
  name text not null,
  kind text not null,
  platform text not null,
  app_version text not null,
  language text,
  public_key blob not null,
  state text not null,
  push text not null,
  sealed_subscription blob,
  unlock_key text,
  created_at bigint not null,
  last_seen_at bigint,
  last_result text
);

CREATE INDEX device_user on device (user_id);

CREATE TABLE directory (
  id text primary key,
  name text not null unique,
  urls text not null,
  base text not null,
  bind_dn text not null,
  sealed_password blob not null,
  ca text,
  created_at bigint not null
);

CREATE TRIGGER factor_counter_rises before update of counter on factor
  when new.counter < old.counter and new.sealed_secret is old.sealed_secret
  begin select raise(abort, 'a counter never falls'); end;

CREATE TRIGGER factor_gives_token_back after delete on factor when old.token_id is not null
  begin
    update token set counter = max(counter, old.counter), drift = old.drift,
      user_id = case when state = 'activated' then null else user_id end,
      state = case when state = 'activated' then 'available' else state end
    where id = old.token_id;
  end;

CREATE TRIGGER push_takes_devices after delete on factor when old.method = 'push'
  begin
    delete from device where user_id = old.user_id;
  end;

CREATE TABLE factor (
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
, credential_id text, rp_id text, token_id text, device_id text references device (id) on delete cascade);

CREATE UNIQUE INDEX factor_credential on factor (credential_id) where credential_id is not null;

CREATE UNIQUE INDEX factor_device on factor (device_id) where device_id is not null;

CREATE INDEX factor_domain on factor (rp_id) where rp_id is not null;

CREATE INDEX factor_new on factor (created_at) where state = 'new';

CREATE UNIQUE INDEX factor_push on factor (user_id) where method = 'push';

CREATE UNIQUE INDEX factor_token on factor (token_id) where token_id is not null;

CREATE INDEX factor_user on factor (user_id);

CREATE TABLE gateway (
  id text primary key,
  name text not null unique,
  channel text not null,
  vendor text not null,
  options text not null,
  sealed_secrets blob not null,
  prefixes text not null,
  place bigint not null,
  sender text not null,
  senders text not null,
  enabled bigint not null,
  created_at bigint not null
);

CREATE TABLE import (
  id text primary key,
  kind text not null,
  file_sha256 text not null,
  accepted bigint not null default 0,
  started_at bigint not null,
  committed_at bigint
);

CREATE TRIGGER log_is_written_once before update on log
  begin select raise(abort, 'the log is written once'); end;

CREATE TABLE log (
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

CREATE INDEX log_at on log (at);

CREATE INDEX log_correlation on log (correlation_id);

CREATE INDEX log_erased on log (at) where result = 'PERSON_ERASED';

CREATE INDEX log_user on log (user_id, at);

CREATE TABLE mail_message (
  id text primary key,
  sealed_payload blob not null,
  at bigint not null
);

CREATE TABLE migration (name text primary key, number bigint not null, hash text not null, breaking bigint not null, applied_at bigint not null);

CREATE TABLE node (
  id text primary key,
  name text not null,
  address text not null,
  seq bigint not null default 0,
  mac blob not null,
  seen_at bigint not null
);

CREATE TABLE oidc_item (
  id text primary key,
  model text not null,
  grant_id text,
  uid text,
  sealed_payload blob not null,
  consumed_at bigint,
  expires_at bigint not null
);

CREATE INDEX oidc_item_expiry on oidc_item (expires_at);

CREATE INDEX oidc_item_grant on oidc_item (grant_id);

CREATE INDEX oidc_item_uid on oidc_item (uid);

CREATE TABLE oidc_key (
  id text primary key,
  alg text not null,
  version bigint not null,
  sealed_jwk blob not null,
  signs_from bigint not null,
  created_at bigint not null,
  unique (alg, version)
);

CREATE TABLE oidc_logout (
  id text primary key,
  client_id text not null,
  user_id text not null,
  sid text not null,
  attempts bigint not null default 0,
  next_at bigint not null
);

CREATE INDEX oidc_logout_due on oidc_logout (next_at);

CREATE TABLE oidc_session (
  uid text primary key,
  session_id text not null,
  expires_at bigint not null
);

CREATE INDEX oidc_session_expiry on oidc_session (expires_at);

CREATE INDEX oidc_session_session on oidc_session (session_id);

CREATE TABLE outbox (
  id text primary key,
  channel text not null,
  challenge_id text,
  sealed_payload blob not null,
  state text not null,
  attempts bigint not null default 0,
  next_at bigint not null,
  created_at bigint not null
, user_id text);

CREATE INDEX outbox_due on outbox (state, next_at);

CREATE TRIGGER person_gives_token_back after delete on person
  begin
    update token set user_id = null,
      state = case when state in ('assigned', 'activated') then 'available' else state end
    where user_id = old.id;
  end;

CREATE TRIGGER person_takes_claims after delete on person
  begin
    delete from stray_device where claims = old.name_key;
  end;

CREATE TABLE person (
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
, registered_at bigint, must_register text, register_until bigint, first_page_at bigint, directory_id text, directory_key text, webauthn_id text, password_expired bigint not null default 0, signed_out_at bigint not null default 0, pin_mac blob, pin_changed_at bigint, pin_must_change bigint not null default 0, pin_history text not null default '[]', blocked_until bigint not null default 0);

CREATE UNIQUE INDEX person_directory on person (directory_id, directory_key);

CREATE TABLE personal (
  node_id text not null,
  seq bigint not null,
  salt blob not null,
  fields text not null,
  primary key (node_id, seq)
);

CREATE TABLE phone_message (
  id text primary key,
  sealed_payload blob not null,
  at bigint not null
);

CREATE TABLE phone_send (
  id text primary key,
  country text not null,
  number_range text not null,
  at bigint not null,
  answer_by bigint not null,
  answered bigint not null
);

CREATE INDEX phone_send_at on phone_send (at);

CREATE TABLE protected_site (
  id text primary key,
  name text not null,
  host text not null unique,
  rules text not null,
  created_at bigint not null
);

CREATE TABLE radius_client (
  id text primary key,
  name text not null unique,
  addresses text not null,
  application text not null,
  sealed_secret blob not null,
  options text not null,
  pinned bigint not null default 0,
  created_at bigint not null
);

CREATE TABLE radius_request (
  peer text primary key,
  authenticator text not null,
  claimed_until bigint not null,
  outcome text,
  expires_at bigint not null
);

CREATE TABLE relying_party (
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

CREATE TABLE remembered_device (
  id text primary key,
  token_hash text not null unique,
  user_id text not null references person (id) on delete cascade,
  user_agent text,
  created_at bigint not null,
  used_at bigint not null,
  expires_at bigint not null
);

CREATE INDEX remembered_device_expiry on remembered_device (expires_at);

CREATE INDEX remembered_device_of_user on remembered_device (user_id);

CREATE TABLE request_device (
  challenge_id text not null references challenge (id) on delete cascade,
  device_id text not null,
  notified_at bigint,
  notify_result text,
  fetched_at bigint,
  used_check bigint not null default 0,
  result text,
  primary key (challenge_id, device_id)
);

CREATE TABLE session (
  id text primary key,
  token_hash text not null unique,
  user_id text not null references person (id) on delete cascade,
  proven text not null,
  client_ip text,
  user_agent text,
  created_at bigint not null,
  seen_at bigint not null,
  expires_at bigint not null
);

CREATE INDEX session_expiry on session (expires_at);

CREATE INDEX session_of_user on session (user_id);

CREATE TABLE setting (
  name text primary key,
  value text not null,
  changed_at bigint not null
);

CREATE TABLE sign_in (
  id text primary key,
  browser_hash text not null,
  state text not null,
  version bigint not null,
  expires_at bigint not null
, app_of text);

CREATE INDEX sign_in_app_of on sign_in (app_of) where app_of is not null;

CREATE INDEX sign_in_expiry on sign_in (expires_at);

CREATE TABLE site_session (
  token_hash text primary key,
  site_id text not null references protected_site (id) on delete cascade,
  session_id text not null references session (id) on delete cascade,
  seen_at bigint not null,
  expires_at bigint not null
);

CREATE INDEX site_session_expiry on site_session (expires_at);

CREATE INDEX site_session_of_session on site_session (session_id);

CREATE INDEX site_session_of_site on site_session (site_id);

CREATE TABLE site_ticket (
  token_hash text primary key,
  site_id text not null references protected_site (id) on delete cascade,
  session_id text not null references session (id) on delete cascade,
  state_hash text not null,
  return_to text not null,
  expires_at bigint not null
);

CREATE INDEX site_ticket_expiry on site_ticket (expires_at);

CREATE INDEX site_ticket_of_session on site_ticket (session_id);

CREATE INDEX site_ticket_of_site on site_ticket (site_id);

CREATE TABLE stray_device (
  id text primary key,
  user_id text references person (id) on delete cascade,
  name text,
  public_key blob,
  why text not null,
  claims text,
  gone_at bigint,
  since bigint,
  asked_at bigint
);

CREATE INDEX stray_device_asked on stray_device (asked_at);

CREATE INDEX stray_device_claims on stray_device (claims) where claims is not null;

CREATE INDEX stray_device_user on stray_device (user_id);

CREATE TABLE throttle (
  id text primary key,
  count bigint not null,
  start bigint not null,
  expires_at bigint not null
);

CREATE INDEX throttle_expiry on throttle (expires_at);

CREATE TRIGGER token_counter_rises before update of counter on token
  when new.counter < old.counter and new.sealed_secret is old.sealed_secret
  begin select raise(abort, 'a counter never falls'); end;

CREATE TABLE token (
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
  created_at bigint not null, used bigint not null default 0,
  unique (serial_key, maker_key)
);

CREATE INDEX token_import on token (import_id);

CREATE INDEX token_user on token (user_id);

CREATE TABLE token_drift (
  id text primary key,
  token_id text not null,
  day bigint not null,
  drift bigint not null
);

CREATE INDEX token_drift_day on token_drift (day);

CREATE INDEX token_drift_token on token_drift (token_id, day);

CREATE TABLE voice_message (
  id text primary key,
  type text not null,
  language text not null,
  application text not null,
  words text,
  audio blob,
  audio_type text,
  audio_ms bigint,
  audio_key text unique,
  file_name text,
  changed_at bigint not null,
  unique (type, language, application)
);
