-- Signing in with a browser: what is half done, sessions, remembered devices. Ids of browsers, sessions and devices are kept
-- as hashes, so that a copy of the database is nobody's cookie.

alter table person add column registered_at bigint;
-- why this person must register a method at the next sign-in, since when, and until when a password alone may (mission G8)
alter table person add column must_register text;
alter table person add column register_until bigint;
alter table person add column first_page_at bigint;

-- Someone who has begun to sign in. It has no authority: only when its last step is right does a session begin. `version`
-- rises with each step, so that of two answers from one page one counts.
create table sign_in (
  id text primary key,
  browser_hash text not null,
  state text not null,
  version bigint not null,
  expires_at bigint not null
);
create index sign_in_expiry on sign_in (expires_at);

create table session (
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
create index session_of_user on session (user_id);
create index session_expiry on session (expires_at);

-- A browser in which the second step need not be repeated for a while (R-194).
create table remembered_device (
  id text primary key,
  token_hash text not null unique,
  user_id text not null references person (id) on delete cascade,
  user_agent text,
  created_at bigint not null,
  used_at bigint not null,
  expires_at bigint not null
);
create index remembered_device_of_user on remembered_device (user_id);
create index remembered_device_expiry on remembered_device (expires_at);
