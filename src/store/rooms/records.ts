import type { Connection } from '../engine/database.ts'
import type { RoomKey } from './room-key.ts'
import { type RoomFilter, selectRooms } from './room-list.ts'
import { type Page, type RecordRow, selectPage } from './select-page.ts'

/** Where a participant is listed. */
export interface ParticipantPlace {
  readonly roomSid: string
  readonly participantSid: string
}

/** Reads records. Every page of a list costs the same, because it starts at a key of an index. */
export interface RecordStore {
  room(key: RoomKey): Promise<string | undefined>
  /** The participant, and where it is listed. The SID of a stay that turned out to be part of another leads there. */
  participant(
    key: RoomKey,
    participantSid: string,
  ): Promise<(ParticipantPlace & { readonly record: string }) | undefined>
  /** A page of the participants of a room, by join time and then SID, both ascending. */
  participants(key: RoomKey, page: Page): Promise<RecordRow[]>
  /** A page of the rooms of an account, the newest first. */
  rooms(accountSid: string, filter: RoomFilter, page: Page): Promise<RecordRow[]>
  /** A page of the rooms that have events, by account and SID, after a room or from the start. */
  roomKeys(after?: RoomKey): Promise<RoomKey[]>
}

const KEYS_AT_ONCE = 1_000
/** A SID leads to another once for each relocation of its stay. The limit ends a circle, which should never exist. */
const MAX_HOPS = 100

export function recordStore(reader: Connection): RecordStore {
  return {
    async room({ accountSid, roomSid }) {
      const rows = await reader.all<{ record: string }>(
        'select record from rooms where account_sid = ? and room_sid = ?',
        [accountSid, roomSid],
      )
      return rows[0]?.record
    },
    async participant({ accountSid, roomSid }, participantSid) {
      let place: ParticipantPlace = { roomSid, participantSid }
      for (let hops = 0; hops < MAX_HOPS; hops++) {
        const rows = await reader.all<
          ParticipantPlace & { record: string; aliasRoom: string | null; aliasSid: string }
        >(
          `select room_sid "roomSid", participant_sid "participantSid", record, alias_room_sid "aliasRoom",
             alias_sid "aliasSid" from participants where account_sid = ? and room_sid = ? and participant_sid = ?`,
          [accountSid, place.roomSid, place.participantSid],
        )
        const [row] = rows
        if (row === undefined || row.aliasRoom === null) return row
        place = { roomSid: row.aliasRoom, participantSid: row.aliasSid }
      }
      return undefined
    },
    participants: ({ accountSid, roomSid }, page) =>
      selectPage<RecordRow>(reader, page, {
        select: 'select order_ms ms, participant_sid sid, record from participants',
        where: ['account_sid = ?', 'room_sid = ?', 'alias_sid is null'],
        params: [accountSid, roomSid],
        key: ['order_ms', 'participant_sid'],
        descending: false,
      }),
    rooms: (accountSid, filter, page) => selectRooms(reader, accountSid, filter, page),
    roomKeys: (after = { accountSid: '', roomSid: '' }) =>
      reader.all<RoomKey>(
        `select distinct account_sid "accountSid", room_sid "roomSid" from events
         where (account_sid, room_sid) > (?, ?) order by account_sid, room_sid limit ?`,
        [after.accountSid, after.roomSid, KEYS_AT_ONCE],
      ),
  }
}
