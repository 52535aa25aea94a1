-- The database itself refuses to lower a replay counter of an unchanged seed (R-009) and to change the log.
create trigger factor_counter_rises before update of counter on factor
  when new.counter < old.counter and new.sealed_secret is old.sealed_secret
  begin select raise(abort, 'a counter never falls'); end;
create trigger log_is_written_once before update on log
  begin select raise(abort, 'the log is written once'); end;
