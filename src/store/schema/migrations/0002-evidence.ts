import type { Dialect } from '../../engine/dialect.ts'

/** Adds the memory of feeds, claims and aliases, the indexes of the sweep, and the indexes of events by time. */
export const evidence = ({ text }: Dialect) => `
create table feed_memory (
  account_sid ${text} not null,
  feed_id ${text} not null,
  memory_key ${text} not null,
  value ${text} not null,
  primary key (account_sid, feed_id, memory_key)
);
create table uptime (
  started_at_ms bigint primary key,
  until_ms bigint not null
);
alter table feed_payloads add column seq bigint not null default 0;
alter table feed_payloads add column duplicates integer not null default 0;
create index feed_payloads_by_arrival on feed_payloads (account_sid, feed_id, seq);
alter table participants add column seat ${text};
alter table participants add column alias_room_sid ${text};
alter table participants add column alias_sid ${text};
alter table participants add column seen_ms bigint not null default 0;
alter table participants add column is_open integer not null default 0;
update participants set
  is_open = case when record like '%"status":"in_progress"%' then 1 else 0 end,
  seen_ms = coalesce((select max(e.at_ms) from events e where e.account_sid = participants.account_sid
    and e.room_sid = participants.room_sid and e.participant_sid = participants.participant_sid), order_ms);
create index participants_by_seat on participants (account_sid, room_sid, seat, participant_sid);
create index participants_by_join_sec on participants (account_sid, room_sid, join_sec) where join_sec is not null;
create index participants_by_end_sec on participants (account_sid, room_sid, end_sec) where end_sec is not null;
create index participants_open on participants (seen_ms, account_sid, room_sid, participant_sid) where is_open = 1;
alter table rooms add column feed_id ${text} not null default '';
alter table rooms add column feed_kind ${text} not null default '';
alter table rooms add column seen_ms bigint not null default 0;
update rooms set
  feed_id = coalesce((select min(e.feed_id) from events e where e.account_sid = rooms.account_sid
    and e.room_sid = rooms.room_sid), ''),
  feed_kind = coalesce((select min(e.feed_kind) from events e where e.account_sid = rooms.account_sid
    and e.room_sid = rooms.room_sid), ''),
  seen_ms = coalesce((select max(e.at_ms) from events e where e.account_sid = rooms.account_sid
    and e.room_sid = rooms.room_sid), created_ms);
create index rooms_open on rooms (feed_kind, account_sid, room_sid) where last_ms = 9007199254740991;
create index events_by_time on events (account_sid, room_sid, at_ms);
create index events_of_participant on events (account_sid, room_sid, participant_sid, at_ms);
`
