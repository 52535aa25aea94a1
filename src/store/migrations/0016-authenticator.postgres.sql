-- The last device takes the method along, and the method takes all devices along, however either went.
create function device_takes_push() returns trigger language plpgsql as $$
begin
  delete from factor where user_id = old.user_id and method = 'push'
    and not exists (select 1 from device d where d.user_id = old.user_id and d.state <> 'proving');
  return null;
end $$;
create trigger device_takes_push after delete on device for each row execute function device_takes_push();
create function push_takes_devices() returns trigger language plpgsql as $$
begin
  delete from device where user_id = old.user_id;
  return null;
end $$;
create trigger push_takes_devices after delete on factor
  for each row when (old.method = 'push') execute function push_takes_devices();
