-- Where people and their passwords live outside: `urls` are asked in order, `ca` is who may vouch for them (PEM).
create table directory (
  id text primary key,
  name text not null unique,
  urls text not null,
  base text not null,
  bind_dn text not null,
  sealed_password blob not null,
  ca text,
  created_at bigint not null
);

-- The account of a directory that a person is, by what the directory never gives to another account.
alter table person add column directory_id text;
alter table person add column directory_key text;
create unique index person_directory on person (directory_id, directory_key);

-- The name as it was typed for the challenge: one person of a directory has several.
alter table challenge add column name_key text;
