/**
 * Two rooms of one account have events with the same id, and for each of them another payload came under that id. The
 * evidence of a room listed the other payloads of both rooms, so that who may read one room saw who was in the other.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { feedId } from '../../src/sid.ts'
import { cloudEvent, postCloudEvents } from '../feeds/events/cloud-events.ts'
import { taken, tell } from '../feeds/served.ts'
import { deliver, livekitRoom } from '../support/livekit.ts'
import {
  ACCOUNT,
  basic,
  get,
  NOW_MS,
  OTHER_ACCOUNT,
  OTHER_LIVEKIT_KEY,
  OTHER_LIVEKIT_SECRET,
  OTHER_TOKEN,
  type TestServer,
  testServer,
} from '../support/test-server.ts'

const START = NOW_MS - 600_000
const ID = 'EV_same'

test('the evidence of a room lists the other payloads of that room only', async t => {
  const server = await testServer(t)
  for (const [room, first, second] of [
    ['board', 'ann', 'bob'],
    ['lobby', 'eve', 'fay'],
  ] as const) {
    await tell(server, ...twoUnderOneId(room, first, second))
  }
  assert.deepEqual(await peopleIn(server, 'RM_board'), [['ann', 'bob']])
  assert.deepEqual(await peopleIn(server, 'RM_lobby'), [['eve', 'fay']])
})

test('and so it is with two feeds of an account, and with two accounts', async t => {
  const second = { apiKey: 'APIsecond', secret: 'secondSecret0123456789012345678901234567' }
  const row = { feedId: feedId(ACCOUNT, 'livekit', second.apiKey), accountSid: ACCOUNT, kind: 'livekit' }
  const server = await testServer(t, {}, [
    { ...row, authKey: second.apiKey, secret: second.secret, createdAtMs: 0 },
  ])
  // Both feeds of the account tell of one room: the id is used twice in it, once by each feed.
  await tell(server, ...twoUnderOneId('board', 'ann', 'bob'))
  for (const payload of twoUnderOneId('board', 'cat', 'dan')) {
    await taken(deliver(server, payload, second.apiKey, second.secret))
  }
  for (const payload of twoUnderOneId('board', 'eve', 'fay')) {
    await taken(deliver(server, payload, OTHER_LIVEKIT_KEY, OTHER_LIVEKIT_SECRET))
  }
  assert.deepEqual((await peopleIn(server, 'RM_board')).sort(), [
    ['ann', 'bob'],
    ['cat', 'dan'],
  ])
  assert.deepEqual(await peopleIn(server, 'RM_board', basic(OTHER_ACCOUNT, OTHER_TOKEN)), [['eve', 'fay']])
})

test('an id that continues another with # is another id', async t => {
  const server = await testServer(t)
  const at = new Date(START).toISOString()
  const data = { room: { key: 'r' }, participant: { key: 'p' } }
  for (const id of ['e', 'e#1']) {
    await taken(postCloudEvents(server, [cloudEvent(id, 'participant.joined', at, data)]))
    await taken(postCloudEvents(server, [cloudEvent(id, 'participant.left', at, data)]))
  }
  const [room] = (await get(server, '/v1/Video/Rooms')).body.rooms
  const { body } = await get(server, `/v1/Video/Rooms/${room.room_sid}/Events`)
  assert.deepEqual(
    body.events.map((event: Listed) => [event.native.id, event.others.map(({ native }) => native.id)]),
    [
      ['e', ['e']],
      ['e#1', ['e#1']],
    ],
  )
})

interface Native {
  readonly id: string
  readonly participant: { readonly identity: string }
}

interface Listed {
  readonly native: Native
  readonly others: readonly { readonly native: Native }[]
}

/** Two joins in a room, as LiveKit sends them, with one id. */
function twoUnderOneId(roomName: string, first: string, second: string) {
  const room = livekitRoom(roomName, START)
  return [first, second].map(identity => ({ ...room.joined(identity, START + 1000), id: ID }))
}

/** Who is in the payload of each event of a room, and in the other payloads under its key. */
async function peopleIn(server: TestServer, room: string, as = basic()): Promise<string[][]> {
  const { status, body } = await get(server, `/v1/Video/Rooms/${room}/Events`, as)
  assert.equal(status, 200)
  return body.events.map(({ native, others }: Listed) =>
    [native, ...others.map(other => other.native)].map(({ participant }) => participant.identity),
  )
}
