import type { Connection, SqlValue } from '../engine/database.ts'
import { type Page, type RecordRow, selectPage } from './records.ts'
import type { RoomKey, StoredEvent } from './room-writer.ts'

/** An event of the log, its place in the list, and what else came under its key. */
export interface Evidence extends StoredEvent {
  readonly position: Pick<RecordRow, 'ms' | 'sid'>
  /** Payloads under the same key whose text differs. */
  readonly others: readonly { readonly receivedAtMs: number; readonly native: string }[]
}

/** Reads the events that records were folded from. */
export interface EvidenceStore {
  /** The events of a room, or of one of its participants, by time. */
  events(key: RoomKey, participantSid: string | undefined, page: Page): Promise<Evidence[]>
}

const KEY_OF_LINKED = /^([0-9a-f]{64})#/

export function evidenceStore(reader: Connection): EvidenceStore {
  return {
    async events({ accountSid, roomSid }, participantSid, page) {
      const ofParticipant = `participant_sid in (select participant_sid from participants
        where account_sid = ? and room_sid = ? and (participant_sid = ? or alias_sid = ?))`
      const rows = await selectPage<StoredEvent & { ms: number; sid: string }>(reader, page, {
        select: `select at_ms ms, feed_id || '|' || event_key sid, feed_id "feedId", feed_kind "feedKind",
          event_key "eventKey", participant_sid "participantSid", at_ms "atMs", received_at_ms "receivedAtMs",
          duplicates, body, native from events`,
        where: ['account_sid = ?', 'room_sid = ?', ...(participantSid === undefined ? [] : [ofParticipant])],
        params: [
          ...[accountSid, roomSid],
          ...(participantSid === undefined ? [] : [accountSid, roomSid, participantSid, participantSid]),
        ],
        key: ['at_ms', "feed_id || '|' || event_key"],
        descending: false,
      })
      return await Promise.all(
        rows.map(async ({ ms, sid, ...event }) => {
          const ofPayload = await duplicatesOfPayload(reader, accountSid, event)
          const others = event.duplicates === 0 ? [] : await otherBodies(reader, accountSid, event)
          return { ...event, duplicates: event.duplicates + ofPayload, others, position: { ms, sid } }
        }),
      )
    },
  }
}

/** Of a feed that links, repetitions are found before events are made: they are counted where the payload is kept. */
async function duplicatesOfPayload(
  reader: Connection,
  accountSid: string,
  event: StoredEvent,
): Promise<number> {
  const payloadKey = KEY_OF_LINKED.exec(event.eventKey)?.[1]
  if (payloadKey === undefined) return 0
  const rows = await reader.all<{ duplicates: number }>(
    'select duplicates from feed_payloads where account_sid = ? and feed_id = ? and payload_key = ?',
    [accountSid, event.feedId, payloadKey],
  )
  return rows[0]?.duplicates ?? 0
}

function otherBodies(reader: Connection, accountSid: string, { feedId, eventKey }: StoredEvent) {
  // Kept under the key, a `#` and a digest: `$` comes right after `#`.
  const params: SqlValue[] = [accountSid, feedId, `${eventKey}#`, `${eventKey}$`]
  return reader.all<{ receivedAtMs: number; native: string }>(
    `select received_at_ms "receivedAtMs", native from feed_payloads
     where account_sid = ? and feed_id = ? and payload_key > ? and payload_key < ? order by seq, payload_key`,
    params,
  )
}
