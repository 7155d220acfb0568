/**
 * A page of evidence held events of many feeds, each with repetitions and other payloads. It asked the database for each
 * feed, or for each event, so that other readers waited for seconds behind a page of 1,000.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Feed } from '../../src/feeds/feed.ts'
import { digestOf } from '../../src/feeds/json.ts'
import { livekit } from '../../src/feeds/livekit/index.ts'
import { feedId } from '../../src/sid.ts'
import { janus } from '../feeds/janus/janus-events.ts'
import { JANUS_FEED, tell as tellJanus } from '../feeds/janus/janus-server.ts'
import { JITSI_FEED, jitsiRoom, occupant, tellJitsi } from '../feeds/jitsi/event-sync.ts'
import { servedRooms, taken } from '../feeds/served.ts'
import { deliver, livekitRoom } from '../support/livekit.ts'
import { queueOf } from '../support/queue-of.ts'
import { ACCOUNT, get, NOW_MS, type TestServer, testServer } from '../support/test-server.ts'
import { watchedConnection } from '../support/watched-database.ts'

const START = NOW_MS - 600_000
/** Authentication, the room or participant, and what the events of the page refer to. */
const MOST = 8

test('a page of evidence asks a few statements, however many events, feeds and repetitions it holds', async t => {
  const { server, statements } = await watchedServer(t, 5)
  for (const feed of server.feeds) await joinTwice(server, feed, ['ann'])
  const [few] = await countOf(server, statements, '/v1/Video/Rooms/RM_big/Events?PageSize=1000')
  const people = Array.from({ length: 6 }, (_, n) => `p${n}`)
  for (const feed of server.feeds) await joinTwice(server, feed, people)
  const [many, events] = await countOf(server, statements, '/v1/Video/Rooms/RM_big/Events?PageSize=1000')
  assert.equal(events.length, 5 * 7)
  assert.ok(events.every(({ duplicates, others }) => duplicates === 2 && others.length === 1))
  assert.equal(many, few)
  assert.ok(many <= MOST, `${many} statements`)
  const [ofOne] = await countOf(
    server,
    statements,
    '/v1/Video/Rooms/RM_big/Participants/PA_p1/Events?PageSize=1000',
  )
  assert.ok(ofOne <= MOST, `${ofOne} statements`)
})

test('so does a page whose payloads are in the logs of feeds', async t => {
  const { server, statements } = await watchedServer(t, 0)
  const lab = janus()
  const jitsi = jitsiRoom('maths')
  await tellJitsi(server, jitsi.created(START / 1000))
  for (let n = 0; n < 20; n++) {
    const person = lab.person(`person ${n}`)
    await tellJanus(server, person.comes(n), person.publishes(n + 1), person.publishes(n + 1))
    const ann = occupant(`person ${n}`, START / 1000 + n)
    await tellJitsi(server, jitsi.joined(ann), jitsi.left({ ...ann, left_at: START / 1000 + 100 }))
  }
  const rooms = await servedRooms(server)
  assert.equal(rooms.length, 2)
  for (const { room_sid } of rooms) {
    const [few] = await countOf(server, statements, `/v1/Video/Rooms/${room_sid}/Events?PageSize=5`)
    const [many, events] = await countOf(
      server,
      statements,
      `/v1/Video/Rooms/${room_sid}/Events?PageSize=1000`,
    )
    assert.ok(events.length > 20)
    assert.ok(events.every(({ native }) => Object.keys(native).length > 0))
    assert.equal(many, few)
    assert.ok(many <= MOST, `${many} statements`)
  }
})

test('so does a page whose payloads are beside other events, and each event shows the payload of its own room', async t => {
  const { server, statements } = await watchedServer(t, 0)
  // A stack whose payloads lead to two events each, under one id in both rooms.
  const twice: Feed = {
    ...livekit,
    async reduce(payload, memory, source) {
      const { events } = await livekit.reduce(payload, memory, source)
      return { events: events.flatMap(event => [event, { ...event, key: `${event.key}+` }]) }
    },
  }
  const queue = queueOf(server.store, [twice])
  const from = { accountSid: ACCOUNT, feedId: 'FD', feedKind: 'livekit', receivedAtMs: NOW_MS }
  for (const name of ['board', 'lobby']) {
    const room = livekitRoom(name, START)
    const payloads = Array.from({ length: 20 }, (_, n) => {
      return { key: `EV_${n}`, value: { ...room.joined(`p${n}`, START + 1000 * n), id: `EV_${n}` } }
    })
    await queue.apply({ ...from, payloads })
  }
  for (const name of ['board', 'lobby']) {
    const [few] = await countOf(server, statements, `/v1/Video/Rooms/RM_${name}/Events?PageSize=2`)
    const [many, events] = await countOf(
      server,
      statements,
      `/v1/Video/Rooms/RM_${name}/Events?PageSize=1000`,
    )
    assert.equal(events.length, 40)
    assert.ok(events.every(({ native }) => native.room?.name === name))
    assert.equal(many, few)
    assert.ok(many <= MOST, `${many} statements`)
  }
})

interface Listed {
  readonly duplicates: number
  readonly others: readonly unknown[]
  readonly native: { readonly room?: { readonly name: string } }
}

interface LivekitFeed {
  readonly key: string
  readonly secret: string
}

/** A server with so many more LiveKit feeds, and the list of the statements that its readers ask. */
async function watchedServer(t: Parameters<typeof testServer>[0], count: number) {
  const statements: string[] = []
  const feeds: readonly LivekitFeed[] = Array.from({ length: count }, (_, n) => {
    return { key: `APImany${n}`, secret: digestOf(`secret ${n}`) }
  })
  const rows = feeds.map(({ key, secret }) => ({
    ...{ feedId: feedId(ACCOUNT, 'livekit', key), accountSid: ACCOUNT, kind: 'livekit' },
    ...{ authKey: key, secret, createdAtMs: 0 },
  }))
  const note = (sql: string) => void statements.push(sql)
  const server = await testServer(t, {}, [...rows, JANUS_FEED, JITSI_FEED], database => ({
    ...database,
    reader: watchedConnection(database.reader, note),
    lookup: watchedConnection(database.lookup, note),
  }))
  return { server: { ...server, feeds }, statements }
}

/** Joins of these people, each delivered twice, and once with another content. */
async function joinTwice(server: TestServer, feed: LivekitFeed, people: readonly string[]): Promise<void> {
  for (const person of people) {
    const room = livekitRoom('big', START)
    const joined = { ...room.joined(person, START + 1000), id: `EV_${person}` }
    for (const payload of [joined, joined, { ...joined, more: 'other' }]) {
      await taken(deliver(server, payload, feed.key, feed.secret))
    }
  }
}

async function countOf(server: TestServer, statements: string[], url: string): Promise<[number, Listed[]]> {
  statements.length = 0
  const { status, body } = await get(server, url)
  assert.equal(status, 200)
  return [statements.length, body.events]
}
