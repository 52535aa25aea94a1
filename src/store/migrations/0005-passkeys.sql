-- Passkeys are factors; `rp_id` is the domain that one is good for and no other. One that waits for its domain to come back is
-- in state 'orphaned'. `drift` holds a passkey's highest signature counter.
alter table factor add column credential_id text;
alter table factor add column rp_id text;
create unique index factor_credential on factor (credential_id) where credential_id is not null;

-- 64 octets of chance, by which authenticators know a person; made with their first passkey.
alter table person add column webauthn_id text;

-- Challenges that browsers were given, each good once. The id is a hash of the challenge and of all that it is bound to.
create table ceremony (
  id text primary key,
  expires_at bigint not null
);
create index ceremony_expiry on ceremony (expires_at);
