import type { Dialect } from '../../engine/dialect.ts'

/**
 * Says of another payload under the key of a known event which event of which room that is: until now only the text of
 * its reason did. The reason ends in the SID of the room, and the key in `#` and a digest. Adds an index for each room
 * type and for each codec by which rooms can be filtered.
 */
export const boundedAnswers = ({ text }: Dialect) => `
alter table feed_payloads add column other_room_sid ${text};
alter table feed_payloads add column other_event_key ${text};
update feed_payloads set
  other_room_sid = substr(reason, length(reason) - 33),
  other_event_key = substr(payload_key, 1, length(payload_key) - 65)
  where reason like 'Another body under the known key % of room RM%';
create index feed_payloads_others on feed_payloads (account_sid, feed_id, other_room_sid, other_event_key)
  where other_room_sid is not null;
${['go', 'peer_to_peer', 'group', 'group_small']
  .map(type => indexOfRooms(`rooms_of_type_${type}`, `type = '${type}'`))
  .join('')}${['VP8', 'H264', 'VP9', 'opus']
  .map(codec => indexOfRooms(`rooms_with_${codec.toLowerCase()}`, `codecs like '%,${codec},%'`))
  .join('')}`

function indexOfRooms(name: string, where: string): string {
  return `create index ${name} on rooms (account_sid, created_ms, room_sid) where ${where};\n`
}
