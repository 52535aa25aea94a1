-- However a device went, its key is kept for as long as its person is there; what names a person goes with them.
create trigger device_goes_astray after delete on device
  begin
    insert into stray_device (id, user_id, name, public_key, why)
      select old.id, p.id, old.name, old.public_key, case old.state when 'proving' then 'unfinished' else 'removed' end
      from person p where p.id = old.user_id
      on conflict (id) do update set why = excluded.why;
  end;
create trigger person_takes_claims after delete on person
  begin
    delete from stray_device where claims = old.name_key;
  end;
