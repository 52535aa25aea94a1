-- Until when this person may not sign in (epoch ms): the longest of the blocks below that stand, so that a decision need not look for them.
alter table person add column blocked_until bigint not null default 0;

-- Persons and numbers that may not be verified, and those that were: by whom, why, until when. A number is kept as its keyed hash and
-- as it is shown. `cause`: help_desk or fraud; `blocks` is 0 for fraud that was reported and blocked nobody.
create table block (
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
create index block_of_user on block (user_id);
create index block_of_number on block (number_hash);
