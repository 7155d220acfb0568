import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { janus, janusCredentials } from '../../../src/feeds/janus/index.ts'
import { digestOf } from '../../../src/feeds/json.ts'
import { createSweeper, type Sweeper } from '../../../src/ingest/sweep/sweeper.ts'
import { feedId } from '../../../src/sid.ts'
import type { FeedRow } from '../../../src/store/feeds/feeds.ts'
import { queueOf } from '../../support/queue-of.ts'
import { ACCOUNT, NOW_MS, type TestServer, testServer } from '../../support/test-server.ts'

export const JANUS_TOKEN = 'janusToken0123456789012345678901234567890'
export const JANUS_USER = 'lab'
export const JANUS_PASSWORD = 'janusPassword012345678901234567890123456'

/** The feed that is found by the token, and the feed that is found by Basic credentials. */
export const JANUS_FEED = feedRow('token', digestOf(JANUS_TOKEN))
export const JANUS_BASIC_FEED = feedRow(JANUS_USER, janusCredentials(`${JANUS_USER}:${JANUS_PASSWORD}`))

export interface JanusTestServer extends TestServer {
  /** Sets the server's clock to this moment, and sweeps once. */
  sweepAt(nowMs: number): Promise<void>
  /** Sets the server's clock to this moment, and goes on as a new process that has heard nothing yet. */
  restartAt(nowMs: number): void
}

/** A test server with two Janus feeds and a sweeper. It is closed when the test ends. */
export async function janusServer(t: TestContext, nowMs = NOW_MS): Promise<JanusTestServer> {
  const configuredFeeds = [JANUS_FEED, JANUS_BASIC_FEED]
  const server = await testServer(t, {}, configuredFeeds)
  const { store, clock, heard } = server
  clock.nowMs = nowMs
  const wired = { store, configuredFeeds, heard, clock: () => clock.nowMs }
  const newSweeper = (): Sweeper =>
    createSweeper({ ...wired, queue: queueOf(store), feeds: [janus], reconciliations: [], onFault: throwIt })
  let sweeper = newSweeper()
  return {
    ...server,
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

/** POSTs a body to the feed that is found by the token. */
export async function post(server: TestServer, body: string | Buffer, token = JANUS_TOKEN) {
  const headers = { 'content-type': 'application/json' }
  return await server.app.inject({ method: 'POST', url: `/feeds/janus/${token}`, headers, body })
}

/** POSTs events as one group, which must be answered 200. */
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
