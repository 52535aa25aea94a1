-- A token whose codes were looked at once is known for good: its import is not taken back, or they could be used again (R-087).
alter table token add column used bigint not null default 0;
update token set used = 1 where state <> 'available' or counter > 0;
