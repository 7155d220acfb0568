import type { TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import pino from 'pino'
import { type Config, readConfig, type SettingName } from '../../src/config.ts'
import { digestOf } from '../../src/feeds/json.ts'
import { hashSecret } from '../../src/http/auth.ts'
import { createServer } from '../../src/http/server.ts'
import { feedId } from '../../src/sid.ts'
import type { Database } from '../../src/store/engine/database.ts'
import type { FeedRow } from '../../src/store/feeds/feeds.ts'
import { openDatabase } from '../../src/store/open-store.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import { newPlace, type Place } from './test-place.ts'

export const ACCOUNT = `AC${'a1'.repeat(16)}`
export const TOKEN = 'accountToken0123456789012345678901234567'
export const OTHER_ACCOUNT = `AC${'b2'.repeat(16)}`
export const OTHER_TOKEN = 'otherToken012345678901234567890123456789'
export const LIVEKIT_KEY = 'APItest'
export const LIVEKIT_SECRET = 'livekitSecret0123456789012345678901234567'
export const OTHER_LIVEKIT_KEY = 'APIother'
export const OTHER_LIVEKIT_SECRET = 'otherLivekitSecret01234567890123456789012'
export const TWILIO_TOKEN = 'twilioToken01234567890123456789012'
export const FEED_KEY = 'feedKey0123456789012345678901234567890123'

/** 2026-03-01T12:00:00Z: the time of a test server until the test sets another. */
export const NOW_MS = Date.UTC(2026, 2, 1, 12)

export interface TestServer {
  readonly app: FastifyInstance
  readonly store: Store
  readonly database: Database
  /** The place of its database. */
  readonly place: string
  /** The clock of the server, in unix milliseconds. */
  readonly clock: { nowMs: number }
  /** When each feed was last received, by its id. */
  readonly heard: Map<string, number>
  /** Every line of the log, as JSON. */
  readonly log: string[]
}

/**
 * The whole server with two accounts. The first has a LiveKit, a Twilio and a CloudEvents feed, the second a LiveKit
 * feed. The database is new and of the engine under test, unless the settings name one. `watch` may wrap the database.
 * Everything is removed when the test ends.
 */
export async function testServer(
  t: TestContext,
  settings: Partial<Record<SettingName, string>> = {},
  configuredFeeds: readonly FeedRow[] = [],
  watch: (database: Database) => Database = database => database,
): Promise<TestServer> {
  const { place, remove } = settings.database === undefined ? await newPlace() : theirs(settings.database)
  const clock = { nowMs: NOW_MS }
  const log: string[] = []
  const heard = new Map<string, number>()
  const database = watch(openDatabase(place))
  const store = await createStore(database)
  await addAccounts(store)
  const config: Config = readConfig({ database: place, rateLimitPerMin: '0', ...settings }, {})
  const app = await createServer({
    config,
    store,
    clock: () => clock.nowMs,
    log: pino({ level: 'debug' }, { write: line => void log.push(line) }),
    configuredFeeds,
    heard,
  })
  t.after(async () => {
    await app.close()
    await store.close()
    await remove()
  })
  return { app, store, database, place, clock, heard, log }
}

/** A place that the test names, and removes itself. */
function theirs(place: string): Place {
  return { place, remove: async () => {} }
}

/** An HTTP Basic header. */
export function basic(username = ACCOUNT, password = TOKEN): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}

/** GETs a path of the API as the first account. Resolves to status, headers, and the body as JSON. */
export async function get(server: TestServer, url: string, headers: Record<string, string> = basic()) {
  const response = await server.app.inject({ url, headers })
  return { status: response.statusCode, headers: response.headers, body: response.json() }
}

async function addAccounts(store: Store): Promise<void> {
  const createdAtMs = NOW_MS
  await store.accounts.put({
    accountSid: ACCOUNT,
    name: 'one',
    tokenHash: hashSecret(TOKEN),
    isDefault: 1,
    createdAtMs,
  })
  await store.accounts.put({
    accountSid: OTHER_ACCOUNT,
    name: 'two',
    tokenHash: hashSecret(OTHER_TOKEN),
    isDefault: 0,
    createdAtMs: createdAtMs + 1,
  })
  const feeds = [
    [ACCOUNT, 'livekit', LIVEKIT_KEY, LIVEKIT_SECRET],
    [ACCOUNT, 'twilio', ACCOUNT, TWILIO_TOKEN],
    [ACCOUNT, 'events', digestOf(FEED_KEY), ''],
    [OTHER_ACCOUNT, 'livekit', OTHER_LIVEKIT_KEY, OTHER_LIVEKIT_SECRET],
  ] as const
  for (const [accountSid, kind, authKey, secret] of feeds) {
    const id = feedId(accountSid, kind, authKey)
    await store.feeds.put({ feedId: id, accountSid, kind, authKey, secret, createdAtMs })
  }
}
