-- Mail: whose a message is, so that it goes with its person, and what the evaluation's simulated mailboxes have received.
alter table outbox add column user_id text;

create table mail_message (
  id text primary key,
  sealed_payload blob not null,
  at bigint not null
);

-- 1: the password was chosen by somebody else, and the person must change it at the next sign-in.
alter table person add column password_expired bigint not null default 0;
