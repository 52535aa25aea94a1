-- Authenticator apps, each bound to one person by a key of its own. State: proving, until it has shown that notifications or the
-- live stream reach it, active, blocked. `push`: web, or none where only the live stream and looking reach it.
create table device (
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
create index device_user on device (user_id);

-- An invitation to bind one (R-063): keyed hashes of the link's code and of the shorter one that is typed with the name. State: open,
-- claimed by the device, done, ended. `alone` is 1 where nothing but the password stands behind it.
create table activation (
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
create index activation_user on activation (user_id);
create index activation_device on activation (device_id);
create index activation_expiry on activation (expires_at);

-- What a request to approve is for and where it comes from, for whoever is asked.
alter table challenge add column application_name text;
alter table challenge add column client_ip text;
alter table challenge add column station text;

-- What became of a request on each of the person's devices (fact sheet 8.2).
create table request_device (
  challenge_id text not null references challenge (id) on delete cascade,
  device_id text not null,
  notified_at bigint,
  notify_result text,
  fetched_at bigint,
  used_check bigint not null default 0,
  result text,
  primary key (challenge_id, device_id)
);

-- The device that a code comes from, which takes its codes along. A person has one push method, whichever devices there are.
alter table factor add column device_id text references device (id) on delete cascade;
create unique index factor_device on factor (device_id) where device_id is not null;
create unique index factor_push on factor (user_id) where method = 'push';
