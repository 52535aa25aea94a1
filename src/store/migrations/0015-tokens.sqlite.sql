-- What was used stays used, whoever has the token next (R-087), however the factor or the person went.
create trigger token_counter_rises before update of counter on token
  when new.counter < old.counter and new.sealed_secret is old.sealed_secret
  begin select raise(abort, 'a counter never falls'); end;
create trigger factor_gives_token_back after delete on factor when old.token_id is not null
  begin
    update token set counter = max(counter, old.counter), drift = old.drift,
      user_id = case when state = 'activated' then null else user_id end,
      state = case when state = 'activated' then 'available' else state end
    where id = old.token_id;
  end;
create trigger person_gives_token_back after delete on person
  begin
    update token set user_id = null,
      state = case when state in ('assigned', 'activated') then 'available' else state end
    where user_id = old.id;
  end;
