import type { Event } from '../../event.ts'
import { intOf, type Json, textOf, withoutSecrets } from '../../feeds/json.ts'
import type { LivekitApi } from '../../feeds/livekit/api.ts'
import { eventOf } from '../../feeds/livekit/reduce.ts'
import type { RecordSettings } from '../../fold/participant-record.ts'
import { roomSid } from '../../sid.ts'
import type { FeedRow } from '../../store/feeds/feeds.ts'
import type { KnownParticipant, KnownRoom } from '../../store/rooms/open-stays.ts'
import type { Store } from '../../store/store.ts'
import { type HeardEvent, recordEvents } from '../record-events.ts'

/** What came just now may not be in the server's list yet. */
const YOUNG_MS = 30_000
/** LiveKit leaves them out of a room's numParticipants. */
const DEPENDENT_KINDS = ['recorder', 'agent']

/** Compares what is in progress here with what LiveKit lists, and appends what is news. */
export interface Reconciliation {
  /** Resolves to the number of events that were appended. Rejects where LiveKit does not answer. */
  run(): Promise<number>
}

/**
 * Of one feed. When each room and participant was listed last is remembered from one run to the next; of what another
 * process saw, when it last compared them all.
 */
export function livekitReconciliation(options: {
  store: Store
  settings: RecordSettings
  feed: FeedRow
  api: LivekitApi
  clock: () => number
}): Reconciliation {
  const { store, settings, feed, api, clock } = options
  const { accountSid, feedId } = feed
  const lastListedMs = new Map<string, number>()
  let comparedAtMs: number | undefined

  /** Whoever was there at the last comparison, and was not noticed to be absent, was listed then. */
  function lastListed(sid: string, seenMs: number, absences: readonly unknown[] = []): number | undefined {
    const wasCompared = comparedAtMs !== undefined && seenMs <= comparedAtMs - YOUNG_MS
    return lastListedMs.get(sid) ?? (wasCompared && absences.length === 0 ? comparedAtMs : undefined)
  }

  async function append(events: readonly HeardEvent[]): Promise<number> {
    if (events.length === 0) return 0
    const heard = { accountSid, feedId, feedKind: feed.kind, receivedAtMs: clock(), events }
    return (await store.transact(transaction => recordEvents(transaction, heard, settings))).added
  }

  async function compareRoom(listed: Json, atMs: number): Promise<number> {
    const nativeSid = textOf(listed['sid'])
    const name = textOf(listed['name'])
    if (nativeSid === undefined || name === undefined) return 0
    const sid = roomSid(accountSid, feed.kind, nativeSid)
    const known = await store.open.room(accountSid, sid)
    // What is stated to be over stays over: the list lags behind.
    if (known?.state.endedAtMs !== undefined) return 0
    const news: HeardEvent[] = []
    if (known === undefined)
      news.push(...fromServer('room_started', `snapshot|${nativeSid}`, { room: listed }, atMs))
    if (known !== undefined && !known.isOpen) news.push(ofOurs(presentRoom(known, atMs), listed))
    lastListedMs.set(sid, atMs)
    const here = await store.open.participants(accountSid, sid)
    const open = here.filter(({ isOpen }) => isOpen)
    const counted = open.filter(
      ({ state }) => !DEPENDENT_KINDS.includes(state.kind?.value ?? 'person'),
    ).length
    const listedCount = intOf(listed['num_participants'] ?? listed['numParticipants']) ?? 0
    const isUnsure = open.some(({ state }) => (state.absences ?? []).length > 0)
    if (counted !== listedCount || isUnsure) {
      const there = await api.listParticipants(name)
      news.push(...compareParticipants({ room: listed, sid, here, there, atMs: clock() }))
    } else {
      for (const { participantSid } of open) lastListedMs.set(participantSid, atMs)
    }
    return await append(news)
  }

  function compareParticipants(found: {
    room: Json
    sid: string
    here: readonly KnownParticipant[]
    there: readonly Json[]
    atMs: number
  }): HeardEvent[] {
    const { room, sid, here, there, atMs } = found
    const byNativeSid = new Map(here.map(one => [one.state.nativeKey, one]))
    const listed = there.filter(one => textOf(one['state']) === 'ACTIVE')
    const news: HeardEvent[] = []
    for (const participant of listed) {
      const nativeSid = textOf(participant['sid'])
      const known = byNativeSid.get(nativeSid)
      if (known === undefined) {
        news.push(...fromServer('participant_joined', `snapshot|${nativeSid}`, { room, participant }, atMs))
      } else if (!known.leaveStated) {
        const wasMissed = !known.isOpen || (known.state.absences ?? []).length > 0
        if (wasMissed) news.push(ofOurs(presentParticipant(sid, known, atMs), participant))
        lastListedMs.set(known.participantSid, atMs)
      }
    }
    const nativeSids = new Set(there.map(one => textOf(one['sid'])))
    for (const one of here) {
      const isThere = nativeSids.has(one.state.nativeKey)
      if (!one.isOpen || isThere || one.seenMs > atMs - YOUNG_MS) continue
      const lastSignMs = lastListed(one.participantSid, one.seenMs, one.state.absences)
      news.push(ofOurs(absentParticipant(sid, one, atMs, lastSignMs), { listed: [...nativeSids] }))
    }
    return news
  }

  /** News in the shape of a webhook: the decoder of those reads it. */
  function fromServer(event: string, id: string, body: object, atMs: number): HeardEvent[] {
    const payload = { event, id, createdAt: String(Math.floor(atMs / 1000)), ...body }
    const decoded = eventOf(payload, id, accountSid)
    return decoded === undefined ? [] : [{ event: decoded, native: withoutSecrets(payload) }]
  }

  return {
    async run() {
      comparedAtMs = await store.uptime.comparedAt(feedId)
      const listed = await api.listRooms()
      const atMs = clock()
      let appended = 0
      for (const room of listed) appended += await compareRoom(room, atMs)
      const sids = new Set(listed.map(room => roomSid(accountSid, feed.kind, textOf(room['sid']) ?? '')))
      for (const room of await store.open.openRooms(accountSid, feedId)) {
        if (sids.has(room.roomSid) || room.seenMs > atMs - YOUNG_MS) continue
        appended += await append([
          ofOurs(absentRoom(room, atMs, lastListed(room.roomSid, room.seenMs, room.state.absences)), {
            listed: listed.length,
          }),
        ])
      }
      forget(lastListedMs, atMs)
      await store.uptime.noteCompared(feedId, atMs)
      return appended
    },
  }
}

function ofOurs(event: Event, native: unknown): HeardEvent {
  return { event, native: withoutSecrets(native) }
}

function presentRoom({ roomSid: sid }: KnownRoom, atMs: number): Event {
  return { kind: 'room.updated', key: `present|${sid}|${atMs}`, atMs, roomSid: sid, room: {} }
}

function presentParticipant(sid: string, { participantSid }: KnownParticipant, atMs: number): Event {
  const key = `present|${participantSid}|${atMs}`
  return { kind: 'participant.updated', key, atMs, roomSid: sid, room: {}, participantSid, participant: {} }
}

function absentParticipant(
  sid: string,
  { participantSid }: KnownParticipant,
  atMs: number,
  lastSignMs: number | undefined,
): Event {
  return {
    kind: 'observation.participant_absent',
    key: `absent|${participantSid}|${atMs}`,
    ...{ atMs, roomSid: sid, room: {}, participantSid, participant: {} },
    ...(lastSignMs === undefined ? {} : { lastSignMs }),
  }
}

function absentRoom({ roomSid: sid }: KnownRoom, atMs: number, lastSignMs: number | undefined): Event {
  return {
    kind: 'observation.room_absent',
    key: `absent|${sid}|${atMs}`,
    ...{ atMs, roomSid: sid, room: {} },
    ...(lastSignMs === undefined ? {} : { lastSignMs }),
  }
}

/** What was not listed for long is over, and closed by now. */
function forget(lastListedMs: Map<string, number>, nowMs: number): void {
  for (const [sid, atMs] of lastListedMs) if (nowMs - atMs > 10 * 60_000) lastListedMs.delete(sid)
}
