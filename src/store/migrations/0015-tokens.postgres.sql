-- What was used stays used, whoever has the token next (R-087), however the factor or the person went.
create trigger token_counter_rises before update of counter on token
  for each row when (new.counter < old.counter) execute function factor_counter_rises();
create function factor_gives_token_back() returns trigger language plpgsql as $$
begin
  update token set counter = greatest(counter, old.counter), drift = old.drift,
    user_id = case when state = 'activated' then null else user_id end,
    state = case when state = 'activated' then 'available' else state end
  where id = old.token_id;
  return null;
end $$;
create trigger factor_gives_token_back after delete on factor
  for each row when (old.token_id is not null) execute function factor_gives_token_back();
create function person_gives_token_back() returns trigger language plpgsql as $$
begin
  update token set user_id = null,
    state = case when state in ('assigned', 'activated') then 'available' else state end
  where user_id = old.id;
  return null;
end $$;
create trigger person_gives_token_back after delete on person
  for each row execute function person_gives_token_back();
