-- However a device went, its key is kept for as long as its person is there; what names a person goes with them.
create function device_goes_astray() returns trigger language plpgsql as $$
begin
  insert into stray_device (id, user_id, name, public_key, why)
    select old.id, p.id, old.name, old.public_key, case old.state when 'proving' then 'unfinished' else 'removed' end
    from person p where p.id = old.user_id
    on conflict (id) do update set why = excluded.why;
  return null;
end $$;
create trigger device_goes_astray after delete on device for each row execute function device_goes_astray();
create function person_takes_claims() returns trigger language plpgsql as $$
begin
  delete from stray_device where claims = old.name_key;
  return null;
end $$;
create trigger person_takes_claims after delete on person for each row execute function person_takes_claims();
