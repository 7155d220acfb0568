import { type Random, randomFrom } from '../crash/random.ts'
import { ACCOUNT_SID } from '../crash/rollcall-server.ts'
import { webhooks } from '../crash/webhooks.ts'
import { cloudEvent } from '../feeds/events/cloud-events.ts'
import { jaasSession } from '../feeds/jaas/webhooks.ts'
import { janusNamed } from '../feeds/janus/janus-events.ts'
import { summary } from '../feeds/twilio/callbacks.ts'
import { livekitRoom } from '../support/livekit.ts'
import {
  eventsLetter,
  jaasLetter,
  janusLetter,
  type Letter,
  livekitLetter,
  twilioLetter,
  twilioStreamLetter,
} from './letters.ts'

/** The same facts twice: in the order of their source, and in the order in which two servers may receive them. */
export interface Story {
  readonly inOrder: readonly Letter[]
  readonly mixedUp: readonly Letter[]
}

const WEBHOOKS = 300
const ROOMS = 8
const PEOPLE = 5
const BATCHES = 60
const BATCH = 12
const START_MS = Date.UTC(2026, 1, 1)

/** Stories of LiveKit, Twilio, CloudEvents and JaaS. Any order and repetition of them must give the same answers. */
export function storiesOf(seed: number): Story[] {
  const random = randomFrom(seed)
  return [livekitStory(random), twilioStory(random), eventsStory(random), jaasStory(random)]
}

/** Groups of Janus, whose order counts: with a crash, a kick, two stays under one id and a tab that is closed. */
export function janusStory(): Letter[] {
  const [lab, other] = [janusNamed('lab'), janusNamed('other')]
  const [ann, ben, cleo] = [lab.person('ann', { id: 42 }), lab.person('ben', { id: 42 }), lab.person('cleo')]
  const [dan, eve] = [other.person('dan'), other.person('eve')]
  const groups = [
    [lab.created(0, 1234)],
    ...[ann.comes(1), [ann.publishes(2)], dan.comes(3), eve.comes(4), [eve.publishes(5)]],
    ...[ben.comes(9), [ben.publishes(10, 'h264'), lab.leaving(11, 77)], cleo.comes(12)],
    ...[[lab.kicked(15, cleo.id)], [eve.detaches(20)], [other.stopped(50)], dan.closesTab(50.1)],
    [lab.started(60)],
  ]
  return groups.map(janusLetter)
}

/** Endless letters about new rooms, by the kind of their feed. Those of Janus must be sent in this order. */
export const ENDLESS: Readonly<Record<string, () => Iterable<Letter>>> = {
  *livekit() {
    for (const { body } of webhooks(randomFrom(1))) yield livekitLetter(body)
  },
  *twilio() {
    for (let room = 0; ; room++) yield* twilioRoom(room).map(twilioLetter)
  },
  *events() {
    for (let room = 0; ; room++) yield* cloudRoom(room).map(event => eventsLetter([event]))
  },
  *jaas() {
    for (let number = 0; ; number++) yield* jaasTalk(number).map(jaasLetter)
  },
  *janus() {
    const lab = janusNamed('lab')
    for (let number = 0; ; number++) {
      const person = lab.person(`person-${number}`, { room: Math.floor(number / PEOPLE) })
      yield* [person.comes(number * 2), [person.publishes(number * 2 + 1)]].map(janusLetter)
      // One person stays in each room, because the next sweep ends a room that was empty for so long.
      if (number % PEOPLE > 0) yield janusLetter(person.goes(number * 2 + 3))
    }
  },
}

/** A LiveKit room that this many people join within a second, and leave within another second. */
export function hotRoom(people: number): Letter[] {
  const room = livekitRoom('hot', START_MS)
  const names = Array.from({ length: people }, (_, index) => `person-${index}`)
  const joinedMs = (index: number) => START_MS + 1_000 + index * 3
  return [
    room.started(),
    ...names.map((name, index) => room.joined(name, joinedMs(index))),
    ...names.map((name, index) => room.left(name, joinedMs(index), joinedMs(index) + 5_000, 'SIGNAL_CLOSE')),
  ].map(livekitLetter)
}

/** The items in a random order. */
export function shuffled<T>(things: readonly T[], random: Random): T[] {
  const rest = [...things]
  return things.flatMap(() => rest.splice(random.below(rest.length), 1))
}

function livekitStory(random: Random): Story {
  const told = webhooks(random)
  const all = Array.from({ length: WEBHOOKS }, () => told.next().value)
  const byRoom = [...Map.groupBy(all, ({ nativeRoomSid }) => nativeRoomSid).values()]
  const inOrder = byRoom.flatMap(room => room.toSorted((a, b) => a.place - b.place))
  const letters = (list: readonly { body: string }[]) => list.map(({ body }) => livekitLetter(body))
  return { inOrder: letters(inOrder), mixedUp: letters(shuffled(all, random)) }
}

function twilioStory(random: Random): Story {
  const callbacks = Array.from({ length: ROOMS }, (_, room) => twilioRoom(room)).flat()
  // Events of an unknown type are kept, each under its key.
  const unknown = Array.from({ length: BATCH }, (_, index) =>
    summary(`unknown-${index}`, 'log-analyzer.something-new', { account_sid: ACCOUNT_SID, index }),
  )
  const batches = Array.from({ length: BATCHES / 4 }, () => twilioStreamLetter(shuffled(unknown, random)))
  const letters = callbacks.map(twilioLetter)
  return {
    inOrder: [...letters, ...unknown.map(one => twilioStreamLetter([one]))],
    mixedUp: shuffled([...letters, ...batches], random),
  }
}

function twilioRoom(number: number): Record<string, string>[] {
  const sid = (prefix: string, index: number) => `${prefix}${String(number * 100 + index).padStart(32, '0')}`
  const callback = (name: string, sec: number, more: object) => ({
    ...{ AccountSid: ACCOUNT_SID, RoomSid: sid('RM', 0), RoomName: `clinic ${number}`, RoomType: 'group' },
    ...{ SequenceNumber: '0', StatusCallbackEvent: name, Timestamp: timeOf(sec), ...more },
  })
  const people = Array.from({ length: PEOPLE }, (_, index) => {
    const who = { ParticipantSid: sid('PA', index), ParticipantIdentity: `person-${index % 3}` }
    const track = { TrackSid: sid('MT', index), TrackKind: 'video' }
    return [
      callback('participant-connected', index * 7, who),
      callback('track-added', index * 7 + 1, { ...who, ...track }),
      callback('participant-disconnected', index * 7 + 20, { ...who, ParticipantDuration: '20' }),
    ]
  })
  return [
    callback('room-created', 0, {}),
    ...people.flat(),
    callback('room-ended', 100, { RoomDuration: '100' }),
  ]
}

/** Batches with events of many rooms; each event is in several batches. */
function eventsStory(random: Random): Story {
  const all = Array.from({ length: ROOMS }, (_, room) => cloudRoom(room)).flat()
  const some = () => eventsLetter(shuffled(all, random).slice(0, BATCH))
  const batches = Array.from({ length: BATCHES }, some)
  const singles = all.map(event => eventsLetter([event]))
  return { inOrder: singles, mixedUp: shuffled([...batches, ...singles], random) }
}

function cloudRoom(number: number) {
  const room = { key: `room ${number}`, name: `seminar ${number}` }
  const event = (id: string, type: string, sec: number, more: object) =>
    cloudEvent(`${number}-${id}`, type, timeOf(sec), { room, ...more })
  const people = Array.from({ length: PEOPLE }, (_, index) => {
    const participant = { key: `${number}-${index}`, identity: `person-${index % 3}`, kind: 'person' }
    const track = { key: `track ${index}`, kind: 'video', codec: index % 2 === 0 ? 'VP8' : 'VP9' }
    return [
      event(`join-${index}`, 'participant.joined', index * 5, { participant }),
      event(`track-${index}`, 'track.published', index * 5 + 1, { participant, track }),
      event(`leave-${index}`, 'participant.left', index * 5 + 30, { participant, endReason: 'client_left' }),
    ]
  })
  return [event('start', 'room.started', 0, {}), ...people.flat(), event('end', 'room.ended', 90, {})]
}

function jaasStory(random: Random): Story {
  const all = Array.from({ length: ROOMS }, (_, number) => jaasTalk(number)).flat()
  return { inOrder: all.map(jaasLetter), mixedUp: shuffled(all, random).map(jaasLetter) }
}

function jaasTalk(number: number): object[] {
  const [main, breakout] = [jaasSession(`session-${number}`), jaasSession(`session-${number}`, 'breakout')]
  return [
    ...[main.created(0), main.joined('ann', 500), main.joined('bob', 900), main.left('bob', 4_000)],
    ...[breakout.joined('ann', 2_000), breakout.left('ann', 3_500), main.joined('bob', 5_000)],
    ...[main.left('ann', 6_000, 'kicked'), main.left('bob', 7_000), main.destroyed(9_000)],
  ]
}

function timeOf(sec: number): string {
  return new Date(START_MS + sec * 1000).toISOString()
}
