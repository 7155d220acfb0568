import type { Dialect } from '../../engine/dialect.ts'

/** A `;` at the end of a line separates statements. Every key of the tables of a room begins with (account, room). */
export const initial = ({ text }: Dialect) => `
create table accounts (
  account_sid ${text} primary key,
  name ${text} not null,
  token_hash ${text} not null,
  is_default integer not null,
  created_at_ms bigint not null
);
create table api_keys (
  key_sid ${text} primary key,
  account_sid ${text} not null,
  name ${text} not null,
  secret_hash ${text} not null,
  created_at_ms bigint not null
);
create table feeds (
  feed_id ${text} primary key,
  account_sid ${text} not null,
  kind ${text} not null,
  auth_key ${text} not null,
  secret ${text} not null,
  created_at_ms bigint not null,
  unique (kind, auth_key)
);
create table deliveries (
  delivery_id ${text} primary key,
  received_at_ms bigint not null,
  feed_kind ${text} not null,
  feed_id ${text},
  account_sid ${text},
  http_status integer not null,
  outcome ${text} not null,
  detail ${text} not null,
  events integer not null,
  duplicates integer not null
);
create table feed_payloads (
  account_sid ${text} not null,
  feed_id ${text} not null,
  payload_key ${text} not null,
  received_at_ms bigint not null,
  reason ${text} not null,
  native ${text} not null,
  primary key (account_sid, feed_id, payload_key)
);
create table events (
  account_sid ${text} not null,
  room_sid ${text} not null,
  feed_id ${text} not null,
  feed_kind ${text} not null,
  event_key ${text} not null,
  participant_sid ${text},
  at_ms bigint not null,
  received_at_ms bigint not null,
  duplicates integer not null,
  body ${text} not null,
  native ${text} not null,
  primary key (account_sid, room_sid, feed_id, event_key)
);
create table rooms (
  account_sid ${text} not null,
  room_sid ${text} not null,
  name ${text},
  type ${text},
  codecs ${text} not null,
  created_ms bigint not null,
  last_ms bigint not null,
  state ${text} not null,
  numbers ${text} not null,
  record ${text} not null,
  primary key (account_sid, room_sid)
);
create index rooms_by_creation on rooms (account_sid, created_ms, room_sid);
create index rooms_by_name on rooms (account_sid, name, created_ms, room_sid);
create index rooms_by_end on rooms (account_sid, last_ms, created_ms, room_sid);
create table participants (
  account_sid ${text} not null,
  room_sid ${text} not null,
  participant_sid ${text} not null,
  order_ms bigint not null,
  identity ${text},
  counted integer not null,
  join_sec bigint,
  end_sec bigint,
  leave_stated integer not null,
  state ${text} not null,
  record ${text} not null,
  primary key (account_sid, room_sid, participant_sid)
);
create index participants_by_join on participants
  (account_sid, room_sid, order_ms, participant_sid, counted, join_sec, end_sec);
create index participants_by_identity on participants (account_sid, room_sid, identity, counted);
`
