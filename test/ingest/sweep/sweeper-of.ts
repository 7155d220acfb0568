import assert from 'node:assert/strict'
import { feeds } from '../../../src/feeds/index.ts'
import { livekit } from '../../../src/feeds/livekit/index.ts'
import { reconciliation } from '../../../src/ingest/sweep/reconcile.ts'
import { sendJson } from '../../../src/ingest/sweep/send-json.ts'
import { createSweeper, type Sweeper } from '../../../src/ingest/sweep/sweeper.ts'
import { feedId } from '../../../src/sid.ts'
import { queueOf } from '../../support/queue-of.ts'
import { ACCOUNT, LIVEKIT_KEY, LIVEKIT_SECRET, type TestServer } from '../../support/test-server.ts'

const row = {
  feedId: feedId(ACCOUNT, 'livekit', LIVEKIT_KEY),
  accountSid: ACCOUNT,
  kind: 'livekit',
  authKey: LIVEKIT_KEY,
  secret: LIVEKIT_SECRET,
  createdAtMs: 0,
}

/** A sweeper for a server, as a start of the server makes one. It sweeps only when the test calls it. */
export function sweeperOf(
  testServer: TestServer,
  options: { livekitUrl?: string; faults?: unknown[] } = {},
): Sweeper {
  const { store, clock: time, heard } = testServer
  const { livekitUrl, faults } = options
  const clock = () => time.nowMs
  const queue = queueOf(store)
  const { snapshot } = livekit
  const settings = { livekitUrl, livekitApiKey: LIVEKIT_KEY, livekitApiSecret: LIVEKIT_SECRET }
  const server = snapshot?.serverOf(settings, sendJson(new AbortController().signal))
  // LiveKit's SDK, which checks the tokens, knows only the real clock.
  const inRealTime = server && {
    listRooms: (_nowMs: number, names?: readonly string[]) => server.listRooms(Date.now(), names),
    listParticipants: (name: string) => server.listParticipants(name, Date.now()),
  }
  return createSweeper({
    ...{ store, queue, feeds, heard, clock, configuredFeeds: [] },
    reconciliations:
      snapshot && inRealTime
        ? [reconciliation({ store, queue, feed: livekit, snapshot, server: inRealTime, row, clock })]
        : [],
    onFault: error => (faults === undefined ? assert.fail(String(error)) : faults.push(error)),
  })
}
