import type { TestContext } from 'node:test'
import pino from 'pino'
import { readConfig, type SettingName } from '../../src/config.ts'
import { createServer, type ServerOptions } from '../../src/http/server.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

/** A test server that serves other feeds, other operations or other bounds than Rollcall's own. */
export async function serverWith(
  t: TestContext,
  served: Pick<ServerOptions, 'feeds' | 'operations' | 'limits'>,
  settings: Partial<Record<SettingName, string>> = {},
): Promise<TestServer> {
  const server = await testServer(t)
  const { store, clock, heard } = server
  const log: string[] = []
  const app = await createServer({
    config: readConfig({ rateLimitPerMin: '0', ...settings }, {}),
    ...{ store, heard, configuredFeeds: [] },
    clock: () => clock.nowMs,
    log: pino({ level: 'debug' }, { write: line => void log.push(line) }),
    ...served,
  })
  t.after(() => app.close())
  return { ...server, app, log }
}
