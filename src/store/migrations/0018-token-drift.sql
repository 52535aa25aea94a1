-- Where a token's clock stood on the days on which that was another place than before: its first day, and each that it moved on.
-- `day` is when that day began (UTC), and `id` the two together.
create table token_drift (
  id text primary key,
  token_id text not null,
  day bigint not null,
  drift bigint not null
);
create index token_drift_token on token_drift (token_id, day);
create index token_drift_day on token_drift (day);
