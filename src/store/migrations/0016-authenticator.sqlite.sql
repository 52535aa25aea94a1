-- The last device takes the method along, and the method takes all devices along, however either went.
create trigger device_takes_push after delete on device
  when not exists (select 1 from device d where d.user_id = old.user_id and d.state <> 'proving')
  begin
    delete from factor where user_id = old.user_id and method = 'push';
  end;
create trigger push_takes_devices after delete on factor when old.method = 'push'
  begin
    delete from device where user_id = old.user_id;
  end;
