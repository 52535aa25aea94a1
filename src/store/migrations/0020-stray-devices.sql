-- Devices that ask and count no more, so that an administrator sees whose app says so. Why: removed, replaced (its person has bound
-- another since), unfinished, blocked; unknown, which is all that is known of it but the name that it claims, unproved. `since` and
-- `asked_at` are null until it asks; `gone_at` is stamped by the retention job, since a trigger has no clock.
create table stray_device (
  id text primary key,
  user_id text references person (id) on delete cascade,
  name text,
  public_key blob,
  why text not null,
  claims text,
  gone_at bigint,
  since bigint,
  asked_at bigint
);
create index stray_device_user on stray_device (user_id);
create index stray_device_asked on stray_device (asked_at);
create index stray_device_claims on stray_device (claims) where claims is not null;
