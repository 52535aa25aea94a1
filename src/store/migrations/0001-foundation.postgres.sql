-- The database itself refuses to lower a replay counter of an unchanged seed (R-009) and to change the log.
create function factor_counter_rises() returns trigger language plpgsql as $$
begin
  if new.counter < old.counter and new.sealed_secret is not distinct from old.sealed_secret then
    raise exception 'a counter never falls';
  end if;
  return new;
end $$;
create trigger factor_counter_rises before update of counter on factor
  for each row when (new.counter < old.counter) execute function factor_counter_rises();
create function log_is_written_once() returns trigger language plpgsql as $$
begin
  raise exception 'the log is written once';
end $$;
create trigger log_is_written_once before update on log
  for each row execute function log_is_written_once();
