-- Factors that are looked for at each start or every hour and are few: every factor there is was read to find them.
create index factor_new on factor (created_at) where state = 'new';
create index factor_domain on factor (rp_id) where rp_id is not null;
