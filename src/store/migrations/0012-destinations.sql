-- Texts and calls that ask for an answer, for two hours: whether somebody gave it, by country and by range of numbers (a number
-- without its last four digits). `id` is the challenge's or, while a number is being registered, the message's.
create table phone_send (
  id text primary key,
  country text not null,
  number_range text not null,
  at bigint not null,
  answer_by bigint not null,
  answered bigint not null
);
create index phone_send_at on phone_send (at);

-- Countries and ranges of numbers to which nothing is sent, because hardly anybody answered, until an administrator lets it.
create table blocked_destination (
  id text primary key,
  sent bigint not null,
  answered bigint not null,
  blocked_at bigint not null,
  released_at bigint
);
