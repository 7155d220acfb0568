import type { Dialect } from '../../engine/dialect.ts'

/** Adds what several processes share: when each was up, and when any of them received or compared each feed. */
export const processes = ({ text }: Dialect) => `
create table servers (
  server_id ${text} not null primary key,
  started_at_ms bigint not null,
  until_ms bigint not null
);
insert into servers (server_id, started_at_ms, until_ms)
  select 'from ' || started_at_ms, started_at_ms, until_ms from uptime;
drop table uptime;
create table feeds_heard (
  feed_id ${text} not null primary key,
  heard_at_ms bigint not null,
  compared_at_ms bigint
);
`
