import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { feeds } from '../../src/feeds/index.ts'
import { deliver, livekitRoom } from '../support/livekit.ts'
import { readDocument, rowsUnder } from '../support/markdown.ts'
import { NOW_MS, type TestServer, testServer } from '../support/test-server.ts'
import { cloudEvent, postCloudEvents } from './events/cloud-events.ts'
import { jaasServer, jaasSession, postJaas } from './jaas/webhooks.ts'
import { janusServer, post as postJanus } from './janus/janus-server.ts'
import { recording } from './janus/recording.ts'
import { jitsiServer, postJitsi } from './jitsi/event-sync.ts'
import { RECORDED } from './jitsi/samples.ts'
import { type ServedParticipant, servedParticipants, servedRooms, taken } from './served.ts'
import { post as postTwilio, story } from './twilio/story.ts'

const ROOT = join(import.meta.dirname, '../..')
const START = NOW_MS - 600_000

/** The fields of a record for each line in the table of a feed's page. */
const ROWS: Readonly<Record<string, (one: ServedParticipant) => readonly [field: string, value: unknown]>> = {
  identity: one => ['participant_identity', one.participant_identity],
  join: one => ['join_time', one.join_time],
  leave: one => ['leave_time', one.leave_time],
  reason: one => ['end_reason', one.end_reason],
  codecs: one => ['codecs', one.codecs[0] ?? null],
  region: one => ['region', one.media_region ?? one.properties.region],
  SDK: one => ['publisher_info', Object.keys(one.publisher_info)[0] ?? null],
}
const LEAVE_ALONE = 'join, repeated by the leave'

interface Told {
  server(t: TestContext): Promise<TestServer>
  /** All events that the feed can send about some people. */
  whole: readonly unknown[]
  /** One leave without any event before it. */
  leave: unknown
  tell(server: TestServer, payload: never): Promise<{ statusCode: number; body: string }>
}

const room = livekitRoom('x', START)
const regional = { region: 'eu-west' }
const cloud = {
  room: { key: 'r' },
  participant: { key: 'p', identity: 'ann', joinedAt: new Date(START).toISOString() },
}
const session = jaasSession('session-1')
const jaasLeft = session.left('ann', 60_000, 'left')

const TOLD: Readonly<Record<string, Told>> = {
  livekit: {
    server: testServer,
    whole: [
      room.started(),
      room.joined('ann', START, regional),
      room.published('ann', START + 1000, { sid: 'TR_1', mimeType: 'video/VP8' }),
      room.left('ann', START, START + 60_000, 'CLIENT_INITIATED', regional),
    ],
    leave: room.left('ann', START, START + 60_000, 'CLIENT_INITIATED'),
    tell: deliver,
  },
  twilio: {
    server: testServer,
    whole: story([1, 5, 2, 9, 1, 1]),
    leave: story([1, 5, 2, 9, 1, 1])[3],
    tell: postTwilio,
  },
  janus: {
    server: janusServer,
    whole: recording,
    leave: recording.find(line => line.includes('"leaving"')),
    tell: postJanus,
  },
  jitsi: {
    server: jitsiServer,
    whole: RECORDED.map(({ body }) => body),
    leave: RECORDED.map(({ body }) => body).find(body => JSON.stringify(body).includes('left_at')),
    tell: postJitsi,
  },
  jaas: {
    server: jaasServer,
    whole: [session.created(0), session.joined('ann', 1000), jaasLeft, session.destroyed(90_000)],
    leave: jaasLeft,
    tell: postJaas,
  },
  events: {
    server: testServer,
    whole: [
      cloudEvent('1', 'participant.updated', new Date(START).toISOString(), {
        ...cloud,
        participant: {
          ...cloud.participant,
          region: 'r1',
          publisherInfo: { name: 'app' },
          codecs: ['video/VP8'],
        },
      }),
      cloudEvent('2', 'participant.left', new Date(START + 9000).toISOString(), {
        ...cloud,
        endReason: 'client_left',
      }),
    ],
    leave: cloudEvent('2', 'participant.left', new Date(START + 9000).toISOString(), cloud),
    tell: postCloudEvents,
  },
}

for (const { kind } of feeds) {
  test(`docs/feeds/${kind}.md says what the records of the feed hold`, async t => {
    const { server: newServer, whole, leave, tell } = TOLD[kind] ?? assert.fail(`${kind} has no story here`)
    const found = new Map<string, string>()
    const people = await peopleAfter(await newServer(t), whole)
    for (const [row, read] of Object.entries(ROWS)) found.set(row, wordFor(people, read))
    const ofLeave = await peopleAfter(await newServer(t), [leave])
    found.set(LEAVE_ALONE, ofLeave.some(one => one.join_time !== null) ? 'yes' : 'no')

    const page = readDocument(join(ROOT, `docs/feeds/${kind}.md`))
    const said = new Map(
      rowsUnder(page, ["a participant's"]).map(([row = '', word = '']) => [row, firstWord(word)]),
    )
    assert.deepEqual(Object.fromEntries(said), Object.fromEntries(found))

    async function peopleAfter(
      server: TestServer,
      payloads: readonly unknown[],
    ): Promise<ServedParticipant[]> {
      server.clock.nowMs = Math.max(server.clock.nowMs, Date.UTC(2027, 0, 1))
      for (const payload of payloads) await taken(tell(server, payload as never)) // each feed sends payloads of its own type
      const lists = (await servedRooms(server)).map(one => servedParticipants(server, one.room_sid))
      const all = (await Promise.all(lists)).flat()
      assert.ok(all.length > 0)
      return all
    }
  })
}

/** `yes` if most records state it, `partly` if it is inferred in most of them, else `no`. */
function wordFor(people: readonly ServedParticipant[], read: (typeof ROWS)[string]): string {
  const known = people.filter(one => one.status === 'completed' && read(one)[1] !== null)
  const stated = known.filter(one => !one.properties.inferred.includes(read(one)[0]))
  if (stated.length === 0) return 'no'
  return stated.length * 2 >= known.length ? 'yes' : 'partly'
}

function firstWord(text: string): string {
  return /^\w+/.exec(text)?.[0] ?? ''
}
