import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InjectOptions } from 'fastify'
import pino from 'pino'
import { readConfig } from '../src/config.ts'
import { signWebhook } from '../src/demo/livekit-webhook.ts'
import { janusCredentials } from '../src/feeds/janus/index.ts'
import { digestOf } from '../src/feeds/json.ts'
import { createServer } from '../src/http/server.ts'
import { feedId } from '../src/sid.ts'
import type { FeedRow } from '../src/store/feeds/feeds.ts'
import { openStore } from '../src/store/open-store.ts'

/** Measures joins and leaves: in a room of 10,000 they may take at most twice the time as in a room of 10. */
const BIG = 10_000
const SMALL = 10
const ROUNDS = 151
const FILLED_AT_ONCE = 100
const LIMIT_RATIO = 2

const accountSid = `AC${'a1'.repeat(16)}`
const startMs = Date.UTC(2026, 0, 1)
const nowMs = startMs + 30 * 24 * 60 * 60_000
const livekitKey = { apiKey: 'APIbench', apiSecret: 'benchSecret0123456789012345678901234567' }
const janusUser = 'janus:benchPassword0123456789'
const jitsiKey = 'jitsiKey0123456789012345678901234567890123'

interface Move {
  readonly room: string
  readonly person: string
  readonly joinedAtMs: number
  /** The moment of the join or leave. */
  readonly atMs: number
}

interface MeasuredFeed {
  readonly kind: string
  joined(move: Move): InjectOptions | Promise<InjectOptions>
  left(move: Move): InjectOptions | Promise<InjectOptions>
}

/** Each feed with the requests that it sends for a join and for a leave. */
const measuredFeeds: readonly MeasuredFeed[] = [
  {
    kind: 'livekit',
    joined: move => livekitWebhook('participant_joined', move),
    left: move => livekitWebhook('participant_left', move),
  },
  { kind: 'janus', joined: janusJoined, left: janusLeaving },
  {
    kind: 'jitsi',
    joined: move => jitsiEvent('joined', move),
    left: move => jitsiEvent('left', move),
  },
]

interface Step {
  /** The name of the measurement; undefined for a step that is not measured. */
  readonly what?: string
  readonly does: 'joined' | 'left'
  readonly person: string
  readonly joinedSec: number
  readonly atSec: number
}

/** What three guests do in one round. At its end all of them have left. */
const round: readonly Step[] = [
  { what: 'joining', does: 'joined', person: 'ann', joinedSec: 0, atSec: 0 },
  { what: 'leaving', does: 'left', person: 'ann', joinedSec: 0, atSec: 1 },
  { what: 'joining, received after a later leave', does: 'joined', person: 'ben', joinedSec: 0, atSec: 1 },
  { does: 'joined', person: 'cleo', joinedSec: 2, atSec: 2 },
  { what: 'leaving in the second of a join', does: 'left', person: 'ben', joinedSec: 0, atSec: 2 },
  { does: 'left', person: 'cleo', joinedSec: 2, atSec: 3 },
]
const ROUND_MS = 4_000

const folder = await mkdtemp(join(tmpdir(), 'rollcall-bench-'))
const store = await openStore(folder)
const configuredFeeds = [
  feedRow('livekit', livekitKey.apiKey, livekitKey.apiSecret),
  feedRow('janus', janusCredentials(janusUser), ''),
  feedRow('jitsi', digestOf(jitsiKey), ''),
]
const app = await createServer({
  config: readConfig({ database: folder }, {}),
  store,
  clock: () => nowMs,
  log: pino({ level: 'silent' }),
  configuredFeeds,
})

try {
  let passed = 0
  let failed = 0
  for (const feed of measuredFeeds) {
    for (const [what, times] of await measure(feed)) {
      const big = median(times.big)
      const small = median(times.small)
      const holds = big <= LIMIT_RATIO * small
      if (holds) passed++
      else failed++
      console.log(
        `${holds ? 'ok' : 'not ok'} ${feed.kind}: ${what}: a room of ${BIG} takes ${(big / small).toFixed(2)} ` +
          `of the time of a room of ${SMALL} (limit ${LIMIT_RATIO}; ${big.toFixed(2)} and ${small.toFixed(2)} ms)`,
      )
    }
  }
  console.log(`${passed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
} finally {
  await app.close()
  await store.close()
  await rm(folder, { recursive: true, force: true })
}

interface Times {
  readonly big: number[]
  readonly small: number[]
}

/** The times of each step, in turn in the big room and in a small room. No small room is used twice. */
async function measure(feed: MeasuredFeed): Promise<Map<string, Times>> {
  await fill(feed, 'big', BIG)
  for (let index = 0; index < ROUNDS; index++) await fill(feed, `small-${index}`, SMALL)
  const timesOf = new Map<string, Times>()
  for (let index = 0; index < ROUNDS; index++) {
    const baseMs = startMs + BIG * 1000 + index * ROUND_MS
    const rooms = [
      ['big', 'big'],
      ['small', `small-${index}`],
    ] as const
    for (const { what, does, person, joinedSec, atSec } of round) {
      for (const [size, room] of index % 2 === 0 ? rooms : rooms.toReversed()) {
        const who = { room, person: `${person}-${index}` }
        const delivery = await feed[does]({
          ...who,
          joinedAtMs: baseMs + joinedSec * 1000,
          atMs: baseMs + atSec * 1000,
        })
        const begunMs = performance.now()
        await deliver(delivery)
        const tookMs = performance.now() - begunMs
        if (what === undefined) continue
        const times = timesOf.get(what) ?? { big: [], small: [] }
        times[size].push(tookMs)
        timesOf.set(what, times)
      }
    }
  }
  return timesOf
}

/** People join a room, one each second, and stay. */
async function fill(feed: MeasuredFeed, room: string, people: number): Promise<void> {
  for (let from = 0; from < people; from += FILLED_AT_ONCE) {
    const joins = Array.from({ length: Math.min(FILLED_AT_ONCE, people - from) }, (_, offset) => {
      const atMs = startMs + (from + offset) * 1000
      return feed.joined({ room, person: `person-${from + offset}`, joinedAtMs: atMs, atMs })
    })
    const deliveries = await Promise.all(joins)
    await Promise.all(deliveries.map(deliver))
  }
}

async function deliver(delivery: InjectOptions): Promise<void> {
  const { statusCode, body } = await app.inject(delivery)
  assert.equal(statusCode, 200, body)
  assert.ok(JSON.parse(body).events > 0, body)
}

async function livekitWebhook(
  event: string,
  { room, person, joinedAtMs, atMs }: Move,
): Promise<InjectOptions> {
  const body = JSON.stringify({
    event,
    room: { sid: `RM_${room}`, name: room, creationTime: seconds(startMs), creationTimeMs: String(startMs) },
    participant: {
      sid: `PA_${person}`,
      identity: person,
      name: person,
      joinedAt: seconds(joinedAtMs),
      joinedAtMs: String(joinedAtMs),
    },
    id: `EV_${event}_${room}_${person}`,
    createdAt: seconds(atMs),
  })
  const authorization = await signWebhook({ ...livekitKey, body, nowMs })
  const headers = { authorization, 'content-type': 'application/webhook+json' }
  return { method: 'POST', url: '/feeds/livekit', headers, body }
}

/** Janus reports each handle of the plugin before a participant joins with it. */
function janusJoined({ room, person, joinedAtMs }: Move): InjectOptions {
  const id = janusId(room, person)
  const from = { session_id: id, handle_id: id, opaque_id: person }
  const attached = { name: 'attached', plugin: 'janus.plugin.videoroom', opaque_id: person }
  return janusGroup(joinedAtMs, [
    { type: 2, ...from, event: attached },
    { type: 64, ...from, event: inVideoroom({ event: 'joined', room, id, display: person }) },
  ])
}

function janusLeaving({ room, person, atMs }: Move): InjectOptions {
  const id = janusId(room, person)
  return janusGroup(atMs, [{ type: 64, event: inVideoroom({ event: 'leaving', room, id }) }])
}

function inVideoroom(data: object): object {
  return { plugin: 'janus.plugin.videoroom', data }
}

function janusGroup(atMs: number, events: readonly object[]): InjectOptions {
  const common = { emitter: 'bench', timestamp: atMs * 1000 }
  return {
    method: 'POST',
    url: '/feeds/janus',
    headers: { authorization: `Basic ${Buffer.from(janusUser).toString('base64')}` },
    body: JSON.stringify(events.map(event => ({ ...common, ...event }))),
  }
}

/** A number of 52 bits, like Janus's ids of sessions, handles and participants. */
function janusId(...names: readonly string[]): number {
  return Number.parseInt(digestOf(names.join(' ')).slice(0, 13), 16)
}

function jitsiEvent(event: 'joined' | 'left', { room, person, joinedAtMs, atMs }: Move): InjectOptions {
  const occupant = {
    name: person,
    id: person,
    occupant_jid: `${person}@meet.test/${room}`,
    joined_at: joinedAtMs / 1000,
  }
  const body = {
    event_name: `muc-occupant-${event}`,
    room_name: room,
    room_jid: `${room}@conference.meet.test`,
    is_breakout: false,
    occupant: event === 'joined' ? occupant : { ...occupant, left_at: atMs / 1000 },
  }
  const headers = { authorization: `Bearer ${jitsiKey}`, 'content-type': 'application/json' }
  return { method: 'POST', url: `/feeds/jitsi/events/occupant/${event}`, headers, body: JSON.stringify(body) }
}

function feedRow(kind: string, authKey: string, secret: string): FeedRow {
  return { feedId: feedId(accountSid, kind, authKey), accountSid, kind, authKey, secret, createdAtMs: 0 }
}

function seconds(ms: number): string {
  return String(Math.floor(ms / 1000))
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}
