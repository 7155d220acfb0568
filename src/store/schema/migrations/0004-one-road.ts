import type { Dialect } from '../../engine/dialect.ts'

/**
 * Lets a payload be stored once: beside an event, or in the log of its feed, where events refer to it. Adds indexes
 * that find the stays of a connection key by time, and the entries of a feed's memory by when they are due.
 */
export const oneRoad = ({ text, integerIn }: Dialect) => `
alter table events add column payload_seq bigint;
alter table events add column moved_seq bigint;
alter table events add column payload_in ${text};
alter table events add column is_reducible integer not null default 0;
alter table feed_payloads add column feed_kind ${text} not null default '';
alter table feed_memory add column due_ms bigint;
create index feed_memory_due on feed_memory (account_sid, feed_id, due_ms) where due_ms is not null;
alter table feeds_heard add column last_seq bigint not null default 0;
insert into feeds_heard (feed_id, heard_at_ms, last_seq)
  select feed_id, 0, max(seq) from feed_payloads where true group by feed_id
  on conflict (feed_id) do update set last_seq = excluded.last_seq;
drop index participants_by_seat;
alter table participants rename column seat to connection_key;
alter table participants add column connection_ms bigint;
update participants set connection_ms = coalesce(${[
  'joinedAtMs',
  'joinedAtMsReckoned',
  'seenAtMs',
  'leftAtMs',
]
  .map(member => integerIn('state', member))
  .join(', ')}, 0) where connection_key is not null;
create index participants_by_connection on participants (account_sid, room_sid, connection_key, connection_ms)
  where connection_key is not null;
`
