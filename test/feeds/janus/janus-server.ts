import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import pino from 'pino'
import { hashSecret } from '../../../src/api/auth.ts'
import { readConfig } from '../../../src/config.ts'
import { janus, janusCredentials } from '../../../src/feeds/janus.ts'
import { digestOf } from '../../../src/feeds/json.ts'
import { createServer } from '../../../src/server.ts'
import { feedId } from '../../../src/sid.ts'
import type { Database } from '../../../src/store/database.ts'
import type { FeedRow } from '../../../src/store/feeds.ts'
import { openSqlite } from '../../../src/store/sqlite.ts'
import { createStore } from '../../../src/store/store.ts'
import { createSweeper, type Sweeper } from '../../../src/sweep/sweeper.ts'
import { ACCOUNT, NOW_MS, type TestServer, TOKEN } from '../../support/test-server.ts'

export const JANUS_TOKEN = 'janusToken0123456789012345678901234567890'
export const JANUS_USER = 'lab'
export const JANUS_PASSWORD = 'janusPassword012345678901234567890123456'

/** The feed that the token names, and the one of Basic credentials. */
export const JANUS_FEED = feedRow('token', digestOf(JANUS_TOKEN))
export const JANUS_BASIC_FEED = feedRow(JANUS_USER, janusCredentials(`${JANUS_USER}:${JANUS_PASSWORD}`))

export interface JanusTestServer extends TestServer {
  readonly database: Database
  /** When each feed was last heard; empty after a start. */
  readonly heard: Map<string, number>
  /** One look for what is over, at this moment of the server's clock. */
  sweepAt(nowMs: number): Promise<void>
  /** As if the process ended, and another began at this moment. */
  restartAt(nowMs: number): void
}

/** The whole server over a real database in a temporary folder, with two Janus feeds. Gone when the test ends. */
export async function janusServer(t: TestContext, nowMs = NOW_MS): Promise<JanusTestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-test-'))
  const database = openSqlite(join(folder, 'rollcall.db'))
  const store = await createStore(database)
  const tokenHash = hashSecret(TOKEN)
  await store.accounts.put({ accountSid: ACCOUNT, name: 'one', tokenHash, isDefault: 1, createdAtMs: 0 })
  const clock = { nowMs }
  const log: string[] = []
  const heard = new Map<string, number>()
  const config = readConfig({ database: folder, rateLimitPerMin: '0' }, {})
  const configuredFeeds = [JANUS_FEED, JANUS_BASIC_FEED]
  const logger = pino({ level: 'trace' }, { write: line => void log.push(line) })
  const wired = { store, configuredFeeds, heard, clock: () => clock.nowMs }
  const app = await createServer({ ...wired, config, log: logger })
  const newSweeper = (): Sweeper =>
    createSweeper({ ...wired, settings: config, feeds: [janus], reconciliations: [], onFault: throwIt })
  let sweeper = newSweeper()
  t.after(async () => {
    await app.close()
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })
  return {
    ...{ app, store, folder, clock, log, database, heard },
    async sweepAt(atMs) {
      clock.nowMs = atMs
      await sweeper.sweep()
    },
    restartAt(atMs) {
      clock.nowMs = atMs
      heard.clear()
      sweeper = newSweeper()
    },
  }
}

/** POSTs a body to the feed of the token. */
export async function post(server: TestServer, body: string | Buffer, token = JANUS_TOKEN) {
  const headers = { 'content-type': 'application/json' }
  return await server.app.inject({ method: 'POST', url: `/feeds/janus/${token}`, headers, body })
}

/** POSTs events as one group; it must be taken. */
export async function tell(
  server: TestServer,
  ...events: readonly (object | readonly object[])[]
): Promise<void> {
  const response = await post(server, JSON.stringify(events.flat()))
  assert.equal(response.statusCode, 200, response.body)
}

function feedRow(name: string, authKey: string): FeedRow {
  const id = feedId(ACCOUNT, 'janus', name)
  return { feedId: id, accountSid: ACCOUNT, kind: 'janus', authKey, secret: '', createdAtMs: 0 }
}

function throwIt(error: unknown): never {
  throw error
}
