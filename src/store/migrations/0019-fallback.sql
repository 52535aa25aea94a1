-- A code that is asked for because a call or a text was not answered.
alter table challenge add column is_fallback bigint not null default 0;
