import { livekitRoom } from '../support/livekit.ts'
import type { Random } from './random.ts'

/** One LiveKit webhook: what is sent, and how it is found in the database. */
export interface Webhook {
  readonly id: string
  /** LiveKit's own id of the room. */
  readonly nativeRoomSid: string
  /** Its place in the order in which LiveKit sends the webhooks of the room. */
  readonly place: number
  readonly body: string
}

const FIRST_ROOM_MS = Date.UTC(2025, 0, 1)
const ROOM_EVERY_MS = 7_000
const OPEN_ROOMS = 24
const SHUFFLED_OVER = 48
const MAX_PEOPLE = 12
const MAX_PEOPLE_OF_A_BIG_ROOM = 120
const REASONS = [
  'CLIENT_INITIATED',
  'SIGNAL_CLOSE',
  'CONNECTION_TIMEOUT',
  'DUPLICATE_IDENTITY',
  'ROOM_DELETED',
]
const KINDS = ['SIP', 'AGENT', 'EGRESS']
const TRACKS = [{ mimeType: 'audio/opus' }, { type: 'VIDEO', mimeType: 'video/VP8' }]

/** Endless webhooks of new rooms: of several rooms at once, slightly out of order, and some of them twice. */
export function* webhooks(random: Random): Generator<Webhook, never> {
  let rooms = 0
  const open: Webhook[][] = []
  const shuffled: Webhook[] = []
  for (;;) {
    while (open.length < OPEN_ROOMS) open.push(storyOf(rooms++, random))
    const index = random.below(open.length)
    const next = open[index]?.shift()
    if (next === undefined) {
      open.splice(index, 1)
      continue
    }
    shuffled.push(next)
    if (random.oneIn(16)) shuffled.push(next)
    while (shuffled.length > SHUFFLED_OVER) yield* shuffled.splice(random.below(shuffled.length), 1)
  }
}

/** All webhooks of one room, in the order in which LiveKit sends them. */
function storyOf(number: number, random: Random): Webhook[] {
  const startedAtMs = FIRST_ROOM_MS + number * ROOM_EVERY_MS
  const room = livekitRoom(`room-${number}`, startedAtMs)
  const people = 1 + random.below(random.oneIn(16) ? MAX_PEOPLE_OF_A_BIG_ROOM : MAX_PEOPLE)
  const told: { atMs: number; payload: { id: string } }[] = [{ atMs: startedAtMs, payload: room.started() }]
  let endMs = startedAtMs
  for (let person = 0; person < people; person++) {
    const joinedAtMs = startedAtMs + random.below(600_000)
    const leftAtMs = joinedAtMs + random.below(1_200_000)
    const sid = `stay-${person}`
    // Sometimes a stay has the identity of the stay before it: the person came back, or is in the room twice.
    const identity = `person-${random.oneIn(8) ? Math.max(person - 1, 0) : person}`
    const kind = random.oneIn(10) ? { kind: KINDS[random.below(KINDS.length)] } : {}
    const who = { sid: `PA_${number}_${sid}`, identity, ...kind }
    const track = { sid: `TR_${number}_${person}`, ...TRACKS[random.below(TRACKS.length)] }
    const published = { ...room.published(sid, joinedAtMs + 1_000, track), participant: who }
    told.push({ atMs: joinedAtMs, payload: room.joined(sid, joinedAtMs, who) })
    told.push({ atMs: joinedAtMs + 1_000, payload: published })
    endMs = Math.max(endMs, leftAtMs)
    if (random.oneIn(10)) continue
    // The record has the later name, whichever webhook comes first.
    const renamed = { ...who, name: `${identity} at last` }
    const reason = REASONS[random.below(REASONS.length)]
    told.push({ atMs: leftAtMs, payload: room.left(sid, joinedAtMs, leftAtMs, reason, renamed) })
  }
  if (!random.oneIn(8)) told.push({ atMs: endMs + 1_000, payload: room.finished(endMs + 1_000) })
  return told
    .sort((a, b) => a.atMs - b.atMs)
    .map(({ payload }, place) => ({
      id: payload.id,
      nativeRoomSid: room.sid,
      place,
      body: JSON.stringify(payload),
    }))
}
