import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Value } from 'typebox/value'
import { Event } from '../../src/event.ts'
import { cloudEvent, postCloudEvents } from '../feeds/events/cloud-events.ts'
import { JAAS_FEED, jaasSession, postJaas } from '../feeds/jaas/webhooks.ts'
import { janus } from '../feeds/janus/janus-events.ts'
import { JANUS_FEED, post as postJanus } from '../feeds/janus/janus-server.ts'
import { JITSI_FEED, jitsiRoom, occupant, postJitsi } from '../feeds/jitsi/event-sync.ts'
import { answersOf, forgetRooms } from '../feeds/numbers.ts'
import { allStored, rowsOf, servedRooms, taken } from '../feeds/served.ts'
import { summary as envelope, postSummaries } from '../feeds/twilio/callbacks.ts'
import { deliver, livekitRoom } from '../support/livekit.ts'
import { ACCOUNT, basic, get, NOW_MS, type TestServer, testServer } from '../support/test-server.ts'

/**
 * A sender puts a token into an object in which nobody expects one, such as the track of an event. The token is dropped
 * before anything is stored, and the facts of an event hold what its schema names and nothing else.
 */
const START = NOW_MS - 3_600_000
const SECRET = 'hidden-secret-value'
const PLANTED = {
  token: SECRET,
  note: 'a member that no schema names',
  inner: { apiPassword: SECRET, list: [{ client_secret: SECRET }] },
}

const TEXTS = { token: SECRET, apiPassword: SECRET }

type Json = unknown

const at = (sec: number) => new Date(START + sec * 1000).toISOString()
const room = livekitRoom('vault', START)
const track = { sid: 'TR_1', type: 'VIDEO', mimeType: 'video/VP8', codecs: [{ mimeType: 'video/VP8' }] }
const data = {
  room: { key: 'r', name: 'vault' },
  participant: { key: 'p', identity: 'ann', attributes: { seat: '4' }, publisherInfo: { name: 'sdk' } },
  track: { key: 't', kind: 'audio', codec: 'opus' },
  recording: { key: 'rec', durationSec: 5 },
}
const ofRoom = { account_sid: ACCOUNT, room_sid: `RM${'1'.repeat(32)}`, create_time: at(0), end_time: at(60) }
const ofParticipant = { participant_sid: `PA${'1'.repeat(32)}`, join_time: at(1), leave_time: at(50) }
const session = jaasSession('session')
const meeting = jitsiRoom('catchup')
const ann = janus().person('ann')
const stay = occupant('ann', START / 1000 + 1, START / 1000 + 50)

/** Payloads of each feed that holds objects, and how one is delivered. */
const FEEDS: Record<
  string,
  { payloads: readonly object[]; send: (server: TestServer, one: Json) => unknown }
> = {
  livekit: {
    payloads: [
      ...[room.started(), room.joined('ann', START, { attributes: { seat: '4' }, tracks: [track] })],
      ...[room.published('ann', START, track), room.left('ann', START, START + 9_000), room.finished(START)],
    ],
    send: (server, one) => taken(deliver(server, one)),
  },
  events: {
    payloads: [
      ...['room.started', 'participant.joined', 'track.published', 'recording.ended', 'participant.left'],
    ].map((type, index) => cloudEvent(`${index}`, type, at(index), data)),
    send: (server, one) => taken(postCloudEvents(server, one)),
  },
  twilio: {
    payloads: [
      envelope('1', 'log-analyzer.room-summary', ofRoom),
      envelope('2', 'participant-summary.complete', {
        ...{ ...ofRoom, ...ofParticipant, publisher_info: { sdk: 'js' }, properties: { is_adhoc: true } },
      }),
    ],
    send: (server, one) => taken(postSummaries(server, one)),
  },
  jaas: {
    payloads: [session.created(0), session.joined('ann', 1_000), session.left('ann', 9_000)],
    send: (server, one) => taken(postJaas(server, one as object)), // an object with one more member stays one
  },
  jitsi: {
    payloads: [
      ...[meeting.created(START / 1000), meeting.joined(stay), meeting.left(stay)],
      meeting.destroyed(START / 1000, START / 1000 + 60, [stay]),
    ],
    send: (server, one) => taken(postJitsi(server, one as object)), // as above
  },
  janus: {
    payloads: [...ann.comes(1), ann.publishes(2), ann.stats(3), ...ann.goes(60)],
    send: (server, one) => taken(postJanus(server, JSON.stringify([one]))),
  },
}

test('a secret at any place of a payload of any feed is neither stored nor shown, and facts hold what the schema names', async t => {
  const server = await testServer(t, {}, [JITSI_FEED, JAAS_FEED, JANUS_FEED])
  const schema = closed(Event)
  for (const [name, { payloads, send }] of Object.entries(FEEDS)) {
    let withEvents = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(), { minLength: payloads.length, maxLength: payloads.length }),
        async places => {
          await forgetRooms(server)
          for (const [index, payload] of payloads.entries()) {
            await send(server, plantedIn(payload, places[index] ?? 0))
          }
          const bodies = await rowsOf(server, 'select body, participant_sid sid from events')
          withEvents += bodies.length
          for (const { body, sid } of bodies) {
            // These members are in columns of their own.
            const columns = {
              key: '',
              atMs: 0,
              roomSid: '',
              ...(sid === null ? {} : { participantSid: sid }),
            }
            const event: unknown = { ...JSON.parse(String(body)), ...columns }
            assert.ok(Value.Check(schema, event), `${name}: ${String(body)}`)
          }
          const shown = [...(await answersOf(server)), ...(await evidenceOf(server))].join('\n')
          assert.ok(!shown.includes(SECRET), `${name} shows the secret: ${shown}`)
        },
      ),
      { numRuns: 10 },
    )
    assert.ok(withEvents > 0, `${name} led to no events`)
  }
  assert.ok(!(await allStored(server)).includes(SECRET), 'the secret is on disk')
})

/** The payload with one more member in one of its objects: the one with this number, counted around. */
function plantedIn(payload: object, place: number): Json {
  const objects: { holder: object; planted: object }[] = []
  const copy: unknown = JSON.parse(JSON.stringify(payload), (name, value) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      // CloudEvents allow only texts in these.
      const planted = /^(attributes|publisherInfo)$/.test(name) ? TEXTS : { planted: PLANTED, ...PLANTED }
      objects.push({ holder: value, planted })
    }
    return value
  })
  const chosen = objects[place % objects.length]
  if (chosen !== undefined) Object.assign(chosen.holder, chosen.planted)
  return copy
}

async function evidenceOf(server: TestServer): Promise<string[]> {
  const pages = (await servedRooms(server)).map(async ({ room_sid }) => {
    const { body } = await get(server, `/v1/Video/Rooms/${room_sid}/Events?PageSize=1000`, basic())
    return JSON.stringify(body)
  })
  return await Promise.all(pages)
}

/** The schema without members that it does not name. */
function closed<T>(schema: T): T {
  if (Array.isArray(schema)) return schema.map(closed) as T // an array stays one
  if (typeof schema !== 'object' || schema === null) return schema
  const members = Object.entries(schema).map(([name, member]) => [name, closed(member)])
  const isClosed = 'properties' in schema ? { additionalProperties: false } : {}
  // A schema stays one with this member.
  return Object.assign(Object.create(schema), Object.fromEntries(members), isClosed) as T
}
