-- Sites behind a proxy that asks us about each request. Rules are the JSON that core/forward-rules.ts reads.
create table protected_site (
  id text primary key,
  name text not null,
  host text not null unique,
  rules text not null,
  created_at bigint not null
);

-- What carries a session of ours over to a site: good once, for seconds, in the browser whose cookie has this hash.
create table site_ticket (
  token_hash text primary key,
  site_id text not null references protected_site (id) on delete cascade,
  session_id text not null references session (id) on delete cascade,
  state_hash text not null,
  return_to text not null,
  expires_at bigint not null
);
create index site_ticket_of_site on site_ticket (site_id);
create index site_ticket_of_session on site_ticket (session_id);
create index site_ticket_expiry on site_ticket (expires_at);

-- A site's own cookie: it points to a session and ends with it.
create table site_session (
  token_hash text primary key,
  site_id text not null references protected_site (id) on delete cascade,
  session_id text not null references session (id) on delete cascade,
  seen_at bigint not null,
  expires_at bigint not null
);
create index site_session_of_site on site_session (site_id);
create index site_session_of_session on site_session (session_id);
create index site_session_expiry on site_session (expires_at);
