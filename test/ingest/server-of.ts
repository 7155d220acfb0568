import type { TestContext } from 'node:test'
import pino from 'pino'
import { readConfig } from '../../src/config.ts'
import type { Feed } from '../../src/feeds/feed.ts'
import { feeds as allFeeds } from '../../src/feeds/index.ts'
import { createServer } from '../../src/http/server.ts'
import type { Database } from '../../src/store/engine/database.ts'
import { answersOf } from '../feeds/numbers.ts'
import { servedRooms } from '../feeds/served.ts'
import { MORE_FEEDS } from '../store/every-feed.ts'
import { basic, type TestServer, testServer } from '../support/test-server.ts'

/** A test server with a feed of every kind. `others` take the place of Rollcall's own feeds of their kinds. */
export async function serverOf(
  t: TestContext,
  others: readonly Feed[] = [],
  watch?: (database: Database) => Database,
): Promise<TestServer> {
  return await withFeeds(t, await testServer(t, {}, MORE_FEEDS, watch), others)
}

/** Another server over the same database, as after a restart. Its feeds are those of `serverOf`. */
export async function withFeeds(
  t: TestContext,
  server: TestServer,
  others: readonly Feed[] = [],
): Promise<TestServer> {
  const { store, clock, heard, log } = server
  const app = await createServer({
    config: readConfig({ rateLimitPerMin: '0' }, {}),
    ...{ store, heard, configuredFeeds: MORE_FEEDS, feeds: feedsWith(others) },
    clock: () => clock.nowMs,
    log: pino({ level: 'debug' }, { write: line => void log.push(line) }),
  })
  t.after(() => app.close())
  return { ...server, app }
}

/** All feeds of Rollcall, and these in place of those of their kinds. */
export function feedsWith(others: readonly Feed[]): Feed[] {
  return allFeeds.map(feed => others.find(other => other.kind === feed.kind) ?? feed)
}

/** All answers about all rooms, with the evidence for each. */
export async function answersAndEvidence(server: TestServer): Promise<string[]> {
  const evidence: string[] = []
  for (const { room_sid } of await servedRooms(server)) {
    const url = `/v1/Video/Rooms/${room_sid}/Events?PageSize=1000`
    const { statusCode, body } = await server.app.inject({ url, headers: basic() })
    evidence.push(`${statusCode} ${url} ${body}`)
  }
  return [...(await answersOf(server)), ...evidence]
}
