import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InjectOptions } from 'fastify'
import pino from 'pino'
import { readConfig } from '../src/config.ts'
import { signWebhook } from '../src/demo/livekit-webhook.ts'
import { feeds } from '../src/feeds/index.ts'
import { digestOf } from '../src/feeds/json.ts'
import { createServer } from '../src/http/server.ts'
import { createSweeper } from '../src/ingest/sweep/sweeper.ts'
import { feedId } from '../src/sid.ts'
import { openDatabase } from '../src/store/open-store.ts'
import { createStore } from '../src/store/store.ts'
import { queueOf } from '../test/support/queue-of.ts'
import { watchedDatabase } from '../test/support/watched-database.ts'

/**
 * Measures what the way from a payload to a record costs: bytes, statements, and times as the ratio of two measurements
 * of one run. A figure that exceeds its limit by more than a third fails.
 */
const TOLERANCE = 4 / 3
const ROUNDS = 41

const accountSid = `AC${'a1'.repeat(16)}`
const startMs = Date.UTC(2026, 0, 1)
const nowMs = startMs + 10 * 24 * 3_600_000
const livekitKey = { apiKey: 'APIbench', apiSecret: 'benchSecret0123456789012345678901234567' }
const janusToken = 'janusToken0123456789012345678901234567890'
const jitsiKey = 'jitsiKey0123456789012345678901234567890123'
const configuredFeeds = [
  feedRow('livekit', livekitKey.apiKey, livekitKey.apiSecret),
  feedRow('janus', digestOf(janusToken), ''),
  feedRow('jitsi', digestOf(jitsiKey), ''),
]

interface Figure {
  readonly what: string
  readonly value: number
  readonly limit: number
  readonly unit: string
}

/** The bytes of the tables of payloads and events, and of their indexes. */
const LOG_BYTES = `select sum(pgsize) n from dbstat
  where name in (select name from sqlite_master where tbl_name in ('events', 'feed_payloads'))`

const figures: Figure[] = []
for (const measure of [destroyedRoom, statements, reconnecting, relocating, memory]) {
  for (const figure of await measure()) {
    figures.push(figure)
    const { what, value, limit, unit } = figure
    const verdict = value <= limit ? 'ok' : value <= limit * TOLERANCE ? 'missed' : 'not ok'
    console.log(`${verdict} ${what}: ${value.toFixed(2)} ${unit} (limit ${limit})`)
  }
}
const failed = figures.filter(({ value, limit }) => value > limit * TOLERANCE)
console.log(`${figures.length - failed.length} passed, ${failed.length} failed`)
if (failed.length > 0) process.exitCode = 1

/** Measures one request of event_sync for a destroyed room, which lists all occupants. */
async function destroyedRoom(): Promise<Figure[]> {
  const bytes = async (occupants: number) => {
    const server = await start()
    const body = jitsiDestroyed('hall', occupants)
    const tookMs = await timed(() => server.deliver(jitsiRequest('room/destroyed', body)))
    const log = await server.rows(LOG_BYTES)
    const whole = await server.rows('select sum(pgsize) n from dbstat')
    await server.close()
    return { log, whole, body: Buffer.byteLength(JSON.stringify(body)), tookMs }
  }
  const [half, double] = [await bytes(400), await bytes(800)]
  const kB = (count: number) => `${Math.round(count / 1000)} kB`
  console.log(
    `a request of ${kB(half.body)} for a destroyed room of 400 occupants: with stays and the feed's memory ${kB(half.whole)}`,
  )
  return [
    {
      what: 'its payload and events, with their indexes, take',
      ...{ value: half.log / 1e6, limit: 1, unit: 'MB' },
    },
    {
      what: 'bytes of a room of 800 occupants, relative to one of 400',
      ...{ value: double.whole / half.whole, limit: 2.2, unit: 'times' },
    },
    { what: 'time of the same', value: double.tookMs / half.tookMs, limit: 2.5, unit: 'times' },
  ]
}

/** Counts the statements of a join into a known room. */
async function statements(): Promise<Figure[]> {
  const server = await start()
  const figure = async (what: string, limit: number, deliveries: readonly InjectOptions[]) => {
    const join = deliveries.at(-1) ?? assert.fail()
    for (const delivery of deliveries.slice(0, -1)) await server.deliver(delivery)
    server.statements.length = 0
    await server.deliver(join)
    return { what: `a ${what} join`, value: server.statements.length, limit, unit: 'statements' }
  }
  const found = [
    await figure('LiveKit', 5, await Promise.all([1, 2, 3].map(sec => livekitJoined(`person-${sec}`, sec)))),
    await figure(
      'Jitsi',
      10,
      [1, 2, 3].map(sec => jitsiJoined(`person-${sec}`, sec)),
    ),
    await figure(
      'Janus',
      10,
      [1, 2, 3].map(sec => janusJoined(sec, sec)),
    ),
  ]
  await server.close()
  return found
}

/** Measures a stay under a connection key that had many stays before, against one that had few. */
async function reconnecting(): Promise<Figure[]> {
  const server = await start()
  for (let stay = 0; stay < 3_000; stay++) await server.deliver(janusStay('many', 1, stay))
  for (let stay = 0; stay < 5; stay++) await server.deliver(janusStay('few', 2, stay))
  const [many, few]: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    many.push(await timed(() => server.deliver(janusStay('many', 1, 3_000 + round))))
    // Each time in another room, so that its key always has the same number of stays.
    for (let stay = 0; stay < 5; stay++) await server.deliver(janusStay(`few-${round}`, 2, stay))
    few.push(await timed(() => server.deliver(janusStay(`few-${round}`, 2, 5))))
  }
  await server.close()
  return [
    {
      what: 'time of a reconnection after 3,000 under one key, relative to one after 5',
      ...{ value: median(many) / median(few), limit: 1.3, unit: 'times' },
    },
  ]
}

/** Measures stays that move to another instance of their room, against the same stays that come there at once. */
async function relocating(): Promise<Figure[]> {
  const STAYS = 200
  const people = Array.from({ length: STAYS }, (_, index) => `person-${index}`)
  const [moved, plain]: [number[], number[]] = [[], []]
  for (let round = 0; round < 5; round++) {
    const late = await start()
    await late.deliver(jitsiJoined('early', 1))
    for (const [index, person] of people.entries()) await late.deliver(jitsiJoined(person, 1_000 + index))
    moved.push(await timed(() => late.deliver(jitsiRequest('room/created', jitsiCreated('room', 900)))))
    await late.close()
    const told = await start()
    const body = jitsiDestroyed('room', STAYS)
    plain.push(await timed(() => told.deliver(jitsiRequest('room/destroyed', body))))
    await told.close()
  }
  return [
    {
      what: `time of moving ${STAYS} stays to another instance, relative to receiving them there at once`,
      ...{ value: median(moved) / median(plain), limit: 3, unit: 'times' },
    },
  ]
}

/** Counts what feeds remember after many meetings are over. */
async function memory(): Promise<Figure[]> {
  const server = await start()
  for (let meeting = 0; meeting < 50; meeting++) {
    const body = jitsiDestroyed(`meeting-${meeting}`, 10)
    await server.deliver(jitsiRequest('room/destroyed', body))
    for (let stay = 0; stay < 4; stay++) await server.deliver(janusStay(`meeting-${meeting}`, stay, stay))
  }
  const before = await server.rows('select count(*) n from feed_memory')
  server.clock.nowMs += 8 * 24 * 3_600_000
  await server.sweep()
  const left = await server.rows('select count(*) n from feed_memory')
  await server.close()
  assert.ok(before > 100, `${before} entries`)
  return [
    {
      what: 'in the memory 8 days after 50 meetings of each feed',
      value: left,
      limit: 1,
      unit: 'entries',
    },
  ]
}

async function start() {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-bench-'))
  const statements: string[] = []
  const database = watchedDatabase(openDatabase(folder), sql => statements.push(sql))
  const store = await createStore(database)
  const clock = { nowMs }
  const heard = new Map<string, number>()
  const app = await createServer({
    config: readConfig({ database: folder, bodyLimitBytes: '16000000' }, {}),
    ...{ store, configuredFeeds, heard, clock: () => clock.nowMs },
    log: pino({ level: 'silent' }),
  })
  return {
    folder,
    statements,
    clock,
    async deliver(delivery: InjectOptions) {
      const { statusCode, body } = await app.inject(delivery)
      assert.equal(statusCode, 200, body)
    },
    async rows(sql: string): Promise<number> {
      const [row] = await database.reader.all<{ n: number }>(sql)
      return row?.n ?? 0
    },
    async sweep() {
      for (const { feedId: id } of configuredFeeds) heard.set(id, clock.nowMs)
      const sweeper = createSweeper({
        ...{ store, queue: queueOf(store), feeds, configuredFeeds, reconciliations: [], heard },
        clock: () => clock.nowMs,
        onFault: error => assert.fail(String(error)),
      })
      // An entry is deleted by a later sweep than the one that finds that it is over.
      for (let looks = 0; looks < 5; looks++) {
        await sweeper.sweep()
        clock.nowMs += 15 * 60_000
      }
    },
    async close() {
      await app.close()
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function livekitJoined(person: string, sec: number): Promise<InjectOptions> {
  const joinedAtMs = startMs + sec * 1000
  const body = JSON.stringify({
    event: 'participant_joined',
    room: { sid: 'RM_bench', name: 'bench', creationTime: seconds(startMs) },
    participant: {
      sid: `PA_${person}`,
      identity: person,
      joinedAt: seconds(joinedAtMs),
      joinedAtMs: String(joinedAtMs),
    },
    id: `EV_${person}`,
    createdAt: seconds(joinedAtMs),
  })
  const authorization = await signWebhook({ ...livekitKey, body, nowMs })
  const headers = { authorization, 'content-type': 'application/webhook+json' }
  return { method: 'POST', url: '/feeds/livekit', headers, body }
}

/** A person joins a room with a handle of their own. */
function janusJoined(person: number, sec: number): InjectOptions {
  const id = 7_000 + person
  return janusRequest(sec, [
    {
      type: 64,
      session_id: id,
      handle_id: id,
      opaque_id: `person-${person}`,
      event: inRoom('joined', 'bench', id),
    },
  ])
}

/** One of the stays of a person, who always has the same id. Each stay ends before the next begins. */
function janusStay(room: string, person: number, stay: number): InjectOptions {
  const id = 9_000 + person
  const handle = { session_id: id * 100_000 + stay, handle_id: id * 100_000 + stay }
  const joined = { type: 64, ...handle, opaque_id: `person-${person}`, event: inRoom('joined', room, id) }
  const left = { type: 64, event: inRoom('leaving', room, id) }
  return janusRequest(stay * 10, [joined, { ...left, timestamp: (startMs + stay * 10_000 + 5_000) * 1000 }])
}

function inRoom(event: string, room: string, id: number): object {
  return { plugin: 'janus.plugin.videoroom', data: { event, room, id, display: `display-${id}` } }
}

function janusRequest(sec: number, events: readonly object[]): InjectOptions {
  const common = { emitter: 'bench', timestamp: (startMs + sec * 1000) * 1000 }
  const body = JSON.stringify(events.map(event => ({ ...common, ...event })))
  return { method: 'POST', url: `/feeds/janus/${janusToken}`, body }
}

function jitsiJoined(person: string, sec: number): InjectOptions {
  return jitsiRequest('occupant/joined', {
    event_name: 'muc-occupant-joined',
    ...jitsiRoom('room'),
    occupant: jitsiOccupant(person, sec),
  })
}

function jitsiCreated(room: string, sec: number): object {
  return { event_name: 'muc-room-created', ...jitsiRoom(room), created_at: startMs / 1000 + sec }
}

function jitsiDestroyed(room: string, occupants: number): object {
  return {
    event_name: 'muc-room-destroyed',
    ...jitsiRoom(room),
    created_at: startMs / 1000,
    destroyed_at: startMs / 1000 + 4_000,
    all_occupants: Array.from({ length: occupants }, (_, index) => {
      return { ...jitsiOccupant(`person-${index}`, index), left_at: startMs / 1000 + 3_000 + index }
    }),
  }
}

function jitsiRoom(room: string): object {
  return { room_name: room, room_jid: `${room}@conference.meet.test`, is_breakout: false }
}

function jitsiOccupant(person: string, sec: number): object {
  return { name: person, id: person, occupant_jid: `${person}@meet.test/x`, joined_at: startMs / 1000 + sec }
}

function jitsiRequest(event: string, body: object): InjectOptions {
  const headers = { authorization: `Bearer ${jitsiKey}`, 'content-type': 'application/json' }
  return { method: 'POST', url: `/feeds/jitsi/events/${event}`, headers, body: JSON.stringify(body) }
}

function feedRow(kind: string, authKey: string, secret: string) {
  return { feedId: feedId(accountSid, kind, authKey), accountSid, kind, authKey, secret, createdAtMs: 0 }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begunMs = performance.now()
  await work()
  return performance.now() - begunMs
}

function seconds(ms: number): string {
  return String(Math.floor(ms / 1000))
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}
