-- R-026: whose app a sign-in is setting up. Of one person's the newest alone goes on.
alter table sign_in add column app_of text;
create index sign_in_app_of on sign_in (app_of) where app_of is not null;
