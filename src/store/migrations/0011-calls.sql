-- What an organisation has said in its own words on verification calls, or recorded; `application` '' is for all. `audio_key` is
-- in the address at which carriers fetch a recording.
create table voice_message (
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

-- A leg of a verification call, one for each attempt to have it carried: `id` is the delivery's. `state` is the script's, with keyed
-- hashes where a secret waits, and moves by `version` alone. A call that only reads a code has no challenge.
create table call (
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
create index call_challenge on call (challenge_id);
create index call_started on call (started_at);
