import assert from 'node:assert/strict'
import { readConfig } from '../../../src/config.ts'
import { feeds } from '../../../src/feeds/index.ts'
import { livekitApi } from '../../../src/feeds/livekit/api.ts'
import { livekitReconciliation } from '../../../src/ingest/sweep/reconcile-livekit.ts'
import { createSweeper, type Sweeper } from '../../../src/ingest/sweep/sweeper.ts'
import { feedId } from '../../../src/sid.ts'
import { ACCOUNT, LIVEKIT_KEY, LIVEKIT_SECRET, type TestServer } from '../../support/test-server.ts'

const FEED = {
  feedId: feedId(ACCOUNT, 'livekit', LIVEKIT_KEY),
  accountSid: ACCOUNT,
  kind: 'livekit',
  authKey: LIVEKIT_KEY,
  secret: LIVEKIT_SECRET,
  createdAtMs: 0,
}

/** The sweeper of a server as a start of it makes one; it looks only when it is told to. */
export function sweeperOf(
  server: TestServer,
  options: { livekitUrl?: string; faults?: unknown[] } = {},
): Sweeper {
  const { store, clock: time, heard } = server
  const { livekitUrl: url, faults } = options
  const settings = readConfig({}, {})
  const clock = () => time.nowMs
  // LiveKit's SDK, which checks the tokens, knows no other clock.
  const { signal } = new AbortController()
  const api =
    url && livekitApi({ url, apiKey: LIVEKIT_KEY, apiSecret: LIVEKIT_SECRET, clock: Date.now, signal })
  return createSweeper({
    ...{ store, settings, feeds, heard, clock, configuredFeeds: [] },
    reconciliations: api ? [livekitReconciliation({ store, settings, feed: FEED, api, clock })] : [],
    onFault: error => (faults === undefined ? assert.fail(String(error)) : faults.push(error)),
  })
}
