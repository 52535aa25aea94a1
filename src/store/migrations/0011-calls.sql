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

-- A leg of a verification call, one for each attempt to have it carried. `state` is the script's, its secrets keyed hashes, and
-- moves by `version` alone.
create table call (
  id text primary key,
  challenge_id text not null,
  user_id text not null,
  leg text not null,
  gateway_id text not null,
  application text not null,
  state text not null,
  version bigint not null,
  result text,
  started_at bigint not null,
  answered_at bigint,
  ended_at bigint
);
create index call_challenge on call (challenge_id);
create index call_started on call (started_at);
