import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { readConfig } from '../src/config.ts'
import { dayOfRooms } from '../src/demo/day.ts'
import { signWebhook } from '../src/demo/livekit-webhook.ts'
import { type Webhook, webhooksOf } from '../src/demo/webhooks.ts'
import { createServer } from '../src/http/server.ts'
import { feedId } from '../src/sid.ts'
import type { Connection, Database } from '../src/store/engine/database.ts'
import { openDatabase } from '../src/store/open-store.ts'
import { createStore } from '../src/store/store.ts'
import { startPostgres } from '../test/support/postgres-server.ts'
import { watchedDatabase } from '../test/support/watched-database.ts'

/** Measures what a delivery and a participant cost over each engine: the figures in docs/scale.md. */
const DAYS = 25
const AT_ONCE = 64
/** A delivery may take this many statements on average: each is a round trip to PostgreSQL. */
const LIMIT_ROUND_TRIPS = 12

const accountSid = `AC${'a1'.repeat(16)}`
const nowMs = Date.UTC(2026, 0, 31)
const apiKey = 'APIbench'
const apiSecret = 'benchSecret0123456789012345678901234567'
const row = { feedId: feedId(accountSid, 'livekit', apiKey), accountSid, kind: 'livekit', authKey: apiKey }
const configuredFeeds = [{ ...row, secret: apiSecret, createdAtMs: 0 }]

/** The webhooks of DAYS days at once, so that those which come together are of many rooms. */
const deliveries = webhooksOf(dayOfRooms, nowMs).map(payload =>
  Array.from({ length: DAYS }, (_, day) => named(payload, day)),
)

const folder = await mkdtemp(join(tmpdir(), 'rollcall-bench-'))
const postgres = await startPostgres([])
try {
  const file = await measure(folder)
  await postgres.query('create database bench')
  const server = await measure(postgres.url('bench'))
  const stays = file.stays
  console.log(`${file.deliveries} webhooks of ${stays} participants, ${AT_ONCE} at once, one process`)
  const ratio = server.sec / file.sec
  console.log(
    `a webhook over PostgreSQL takes ${ratio.toFixed(1)} times as long as over SQLite ` +
      `(${Math.round(server.deliveries / server.sec)} and ${Math.round(file.deliveries / file.sec)} a second here)`,
  )
  const trips = server.statements / server.deliveries
  console.log(
    `${(file.deliveries / stays).toFixed(1)} webhooks a participant, ${trips.toFixed(1)} statements a webhook`,
  )
  console.log(
    `${Math.round(file.bytes / stays)} bytes a participant in SQLite, ${Math.round(server.bytes / stays)} in PostgreSQL`,
  )
  console.log(`${Math.round(server.wal / server.deliveries)} bytes of PostgreSQL's write-ahead log a webhook`)
  for (const { name, rows, bytes } of server.tables) {
    console.log(
      `${name}: ${(rows / stays).toFixed(2)} rows a participant, ${Math.round(bytes / rows)} bytes a row`,
    )
  }
  const holds = trips <= LIMIT_ROUND_TRIPS
  console.log(
    `${holds ? 'ok' : 'not ok'} a webhook takes ${trips.toFixed(1)} statements over PostgreSQL (limit ${LIMIT_ROUND_TRIPS})`,
  )
  if (!holds) process.exitCode = 1
} finally {
  await postgres.remove()
  await rm(folder, { recursive: true, force: true })
}

async function measure(place: string) {
  let statements = 0
  const database: Database = openDatabase(place, 20)
  const store = await createStore(watchedDatabase(database, () => statements++))
  const app = await createServer({
    config: readConfig({}, {}),
    ...{ store, clock: () => nowMs, log: pino({ level: 'silent' }), configuredFeeds },
  })
  const waiting = deliveries.flat()
  statements = 0
  const walBefore = await walBytes(database)
  const begunMs = performance.now()
  const one = async () => {
    for (let payload = waiting.shift(); payload !== undefined; payload = waiting.shift()) {
      const body = JSON.stringify(payload)
      const headers = { authorization: await signWebhook({ apiKey, apiSecret, body, nowMs }) }
      const response = await app.inject({ method: 'POST', url: '/feeds/livekit', headers, body })
      assert.equal(response.statusCode, 200, response.body)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
  const sec = (performance.now() - begunMs) / 1000
  const wal = (await walBytes(database)) - walBefore
  const [stays] = await database.reader.all<{ n: number }>('select count(*) n from participants')
  if (database.dialect.name === 'postgres') await postgres.query('vacuum full', 'bench')
  const bytes = await bytesOf(database)
  const tables = database.dialect.name === 'postgres' ? await tablesIn(database.reader) : []
  await app.close()
  await store.close()
  return { sec, statements, bytes, tables, wal, stays: stays?.n ?? 0, deliveries: deliveries.flat().length }
}

/** The bytes that are stored, without those of deleted rows. */
async function bytesOf({ dialect, reader }: Database): Promise<number> {
  if (dialect.name === 'postgres') return (await tablesIn(reader)).reduce((sum, { bytes }) => sum + bytes, 0)
  const [file] = await reader.all<{ n: number }>(
    'select page_count * page_size n from pragma_page_count, pragma_page_size',
  )
  return file?.n ?? 0
}

async function walBytes({ dialect, reader }: Database): Promise<number> {
  if (dialect.name === 'sqlite') return 0
  const [row] = await reader.all<{ n: number }>(`select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') n`)
  return row?.n ?? 0
}

/** The tables that grow, with their indexes. */
async function tablesIn(reader: Connection) {
  const tables = ['events', 'participants', 'rooms'].map(async name => {
    const [row] = await reader.all<{ rows: number; bytes: number }>(
      `select count(*) "rows", pg_total_relation_size('${name}') "bytes" from ${name}`,
    )
    return { name, rows: row?.rows ?? 0, bytes: row?.bytes ?? 0 }
  })
  return await Promise.all(tables)
}

/** The webhook for another day, with other ids. */
function named(payload: Webhook, day: number): Webhook {
  return JSON.parse(JSON.stringify(payload).replace(/"((?:RM|PA|EV|TR)_\w+)"/g, `"$1x${day}"`))
}
