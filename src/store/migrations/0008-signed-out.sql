-- What this person had proven before this time counts no more (epoch ms): they were signed out, in the midst of a sign-in perhaps.
alter table person add column signed_out_at bigint not null default 0;
