-- How a challenge is answered (its method's mode), how it ended, and which RADIUS request is waiting for that.
alter table challenge add column mode text not null default '';
alter table challenge add column result text;
alter table challenge add column holder text;

-- The PIN that some methods ask for beside what the person has: a keyed hash bound to the person, and earlier ones.
alter table person add column pin_mac blob;
alter table person add column pin_changed_at bigint;
alter table person add column pin_must_change bigint not null default 0;
alter table person add column pin_history text not null default '[]';
