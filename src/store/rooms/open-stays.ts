import type { RoomNumbers } from '../../fold/numbers.ts'
import type { ParticipantState } from '../../fold/participant.ts'
import type { RoomState } from '../../fold/room.ts'
import { participantStateIn, roomStateIn } from '../../fold/stored.ts'
import type { Connection } from '../engine/database.ts'
import { STILL_OPEN_MS } from './lock-room.ts'

/** A room that was found, and its feed. */
export interface FoundRoom {
  readonly accountSid: string
  readonly roomSid: string
  readonly feedId: string
  /** The last sign of the room or the stay, in unix milliseconds. */
  readonly seenMs: number
}

/** A stay that was found. */
export interface FoundParticipant extends FoundRoom {
  readonly participantSid: string
}

/** A room whose name a later room has. */
export interface SupersededRoom extends FoundRoom {
  /** When the later room was created, in unix milliseconds. */
  readonly supersededAtMs: number
}

/** A room that is compared with the list of the media server. */
export interface KnownRoom extends FoundRoom {
  readonly isOpen: boolean
  readonly state: RoomState
  /** How many people are in it. */
  readonly people: number
}

/** A stay that is compared with the list of the media server. */
export interface KnownParticipant {
  readonly participantSid: string
  readonly isOpen: boolean
  readonly leaveStated: boolean
  readonly seenMs: number
  readonly state: ParticipantState
}

/** Finds rooms and stays in progress, for the sweep and for the comparison with the list of a media server. */
export interface OpenStays {
  /**
   * A page of the stays in progress without a sign since `seenBeforeMs`, of one kind of feed. The longest silent come
   * first. Like the other pages, it begins after the last entry of the page before, and is empty after the last one.
   */
  silentParticipants(
    feedKind: string,
    seenBeforeMs: number,
    after?: FoundParticipant,
  ): Promise<FoundParticipant[]>
  /** A page of the rooms in progress with nobody in them and without a sign since `seenBeforeMs`. */
  silentRooms(feedKind: string, seenBeforeMs: number, after?: FoundRoom): Promise<FoundRoom[]>
  /**
   * A page of the rooms in progress whose name is also that of a later room of the same feed, created before
   * `createdBeforeMs`, and that showed no sign since then.
   */
  supersededRooms(feedKind: string, createdBeforeMs: number, after?: FoundRoom): Promise<SupersededRoom[]>
  /** A page of the rooms in progress of an account, from one kind of feed. */
  openRooms(feedKind: string, accountSid: string, after?: FoundRoom): Promise<KnownRoom[]>
  room(accountSid: string, roomSid: string): Promise<KnownRoom | undefined>
  /** The participants of a room, with those who have left. */
  participants(accountSid: string, roomSid: string): Promise<KnownParticipant[]>
}

const PAGE_ROWS = 500

const ROOM = `account_sid "accountSid", room_sid "roomSid", feed_id "feedId", seen_ms "seenMs"`

interface RoomRow extends FoundRoom {
  readonly lastMs: number
  readonly state: string
  readonly numbers: string
}

export function openStays(reader: Connection): OpenStays {
  return {
    silentParticipants: (feedKind, seenBeforeMs, after) =>
      reader.all<FoundParticipant>(
        `select p.account_sid "accountSid", p.room_sid "roomSid", p.participant_sid "participantSid",
           r.feed_id "feedId", p.seen_ms "seenMs"
         from participants p join rooms r on r.account_sid = p.account_sid and r.room_sid = p.room_sid
         where p.is_open = 1 and p.seen_ms < ? and r.feed_kind = ?
           and (p.seen_ms, p.account_sid, p.room_sid, p.participant_sid) > (?, ?, ?, ?)
         order by p.seen_ms, p.account_sid, p.room_sid, p.participant_sid limit ${PAGE_ROWS}`,
        [
          ...[seenBeforeMs, feedKind, after?.seenMs ?? Number.MIN_SAFE_INTEGER],
          ...[after?.accountSid ?? '', after?.roomSid ?? '', after?.participantSid ?? ''],
        ],
      ),
    silentRooms: (feedKind, seenBeforeMs, after) =>
      reader.all<FoundRoom>(
        `select ${ROOM} from rooms where last_ms = ${STILL_OPEN_MS} and feed_kind = ? and seen_ms < ?
           and not exists (select 1 from participants p where p.account_sid = rooms.account_sid
             and p.room_sid = rooms.room_sid and p.is_open = 1)
           and (account_sid, room_sid) > (?, ?)
         order by account_sid, room_sid limit ${PAGE_ROWS}`,
        [feedKind, seenBeforeMs, after?.accountSid ?? '', after?.roomSid ?? ''],
      ),
    // Starts from the names of rooms in progress, so that it reads no finished rooms with other names. Joins instead
    // of subqueries let Citus run it without a query from shard to shard.
    supersededRooms: (feedKind, createdBeforeMs, after) =>
      reader.all<SupersededRoom>(
        `select r.account_sid "accountSid", r.room_sid "roomSid", r.feed_id "feedId", r.seen_ms "seenMs",
           latest.created_ms "supersededAtMs"
         from (
           select later.account_sid, later.name, later.feed_id, max(later.created_ms) created_ms
           from (
             select account_sid, name, min(created_ms) since from rooms
             where last_ms = ${STILL_OPEN_MS} and feed_kind = ? group by account_sid, name
           ) names join rooms later on later.account_sid = names.account_sid and later.name = names.name
             and later.created_ms > names.since
           where later.created_ms < ?
           group by later.account_sid, later.name, later.feed_id
         ) latest join rooms r on latest.account_sid = r.account_sid and latest.name = r.name and latest.feed_id = r.feed_id
           and latest.created_ms > r.created_ms and latest.created_ms > r.seen_ms
         where r.last_ms = ${STILL_OPEN_MS} and r.feed_kind = ? and (r.account_sid, r.room_sid) > (?, ?)
         order by r.account_sid, r.room_sid limit ${PAGE_ROWS}`,
        [feedKind, createdBeforeMs, feedKind, after?.accountSid ?? '', after?.roomSid ?? ''],
      ),
    async openRooms(feedKind, accountSid, after) {
      const rows = await reader.all<RoomRow>(
        `select ${ROOM}, last_ms "lastMs", state, numbers from rooms
         where last_ms = ${STILL_OPEN_MS} and feed_kind = ? and account_sid = ? and room_sid > ?
         order by room_sid limit ${PAGE_ROWS}`,
        [feedKind, accountSid, after?.roomSid ?? ''],
      )
      return rows.map(knownRoom)
    },
    async room(accountSid, roomSid) {
      const rows = await reader.all<RoomRow>(
        `select ${ROOM}, last_ms "lastMs", state, numbers from rooms where account_sid = ? and room_sid = ?`,
        [accountSid, roomSid],
      )
      return rows.map(knownRoom)[0]
    },
    async participants(accountSid, roomSid) {
      const rows = await reader.all<{
        sid: string
        isOpen: number
        leaveStated: number
        seenMs: number
        state: string
      }>(
        `select participant_sid sid, is_open "isOpen", leave_stated "leaveStated", seen_ms "seenMs", state
         from participants where account_sid = ? and room_sid = ? and alias_sid is null order by participant_sid`,
        [accountSid, roomSid],
      )
      return rows.map(({ sid, isOpen, leaveStated, seenMs, state }) => ({
        participantSid: sid,
        isOpen: isOpen === 1,
        leaveStated: leaveStated === 1,
        seenMs,
        state: participantStateIn(state),
      }))
    },
  }
}

function knownRoom({ lastMs, state, numbers, ...room }: RoomRow): KnownRoom {
  const { open }: RoomNumbers = JSON.parse(numbers)
  return { ...room, isOpen: lastMs === STILL_OPEN_MS, state: roomStateIn(state), people: open }
}
