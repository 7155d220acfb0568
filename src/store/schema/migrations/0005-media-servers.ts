import type { Dialect } from '../../engine/dialect.ts'

/** Adds the URL of a feed's media server, and what its list had. */
export const mediaServers = ({ text }: Dialect) => `
alter table feeds add column url ${text};
create table listed_rooms (
  feed_id ${text} not null,
  room_sid ${text} not null,
  asked_at_ms bigint not null,
  missing_since_ms bigint,
  compared_at_ms bigint,
  people ${text} not null,
  primary key (feed_id, room_sid)
);
`
