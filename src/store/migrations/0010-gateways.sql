-- Whoever carries texts and calls. Options are as the vendor's file says, the secret ones sealed beside them; `prefixes` are the
-- numbers it is for (none: all), `place` its turn among those that fit as well, `senders` the sender by prefix.
create table gateway (
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

-- An attempt to have a message carried, written before the vendor is asked. Neither number nor text is kept: `to_mac` is keyed.
create table delivery (
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
create index delivery_challenge on delivery (challenge_id);
create index delivery_ref on delivery (gateway_id, ref);
create index delivery_to on delivery (to_mac, started_at);
create index delivery_started on delivery (started_at);

-- What a carrier has told already: told again it changes nothing.
create table carrier_event (
  id text primary key,
  at bigint not null
);
create index carrier_event_at on carrier_event (at);
