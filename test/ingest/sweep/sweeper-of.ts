import assert from 'node:assert/strict'
import type { Feed } from '../../../src/feeds/feed.ts'
import { feeds } from '../../../src/feeds/index.ts'
import type { SendRequest, SnapshotServer } from '../../../src/feeds/snapshot.ts'
import { feedsReconciliation } from '../../../src/ingest/sweep/reconcile-feeds.ts'
import { sendJson } from '../../../src/ingest/sweep/send-json.ts'
import { createSweeper, type Sweeper } from '../../../src/ingest/sweep/sweeper.ts'
import { feedId } from '../../../src/sid.ts'
import type { FeedRow } from '../../../src/store/feeds/feeds.ts'
import { queueOf } from '../../support/queue-of.ts'
import { ACCOUNT, LIVEKIT_KEY, LIVEKIT_SECRET, type TestServer } from '../../support/test-server.ts'

/** A feed that the settings would name, with the URL of its server. */
const configured = (url: string): FeedRow => ({
  ...{ feedId: feedId(ACCOUNT, 'livekit', LIVEKIT_KEY), accountSid: ACCOUNT, kind: 'livekit', url },
  ...{ authKey: LIVEKIT_KEY, secret: LIVEKIT_SECRET, createdAtMs: 0 },
})

/** A sweeper for a server, as a start of the server makes one. It sweeps only when the test calls it. */
export function sweeperOf(
  testServer: TestServer,
  options: { livekitUrl?: string; faults?: unknown[] } = {},
): Sweeper {
  const { store, clock: time, heard } = testServer
  const { livekitUrl, faults } = options
  const sweeping = {
    ...{ store, queue: queueOf(store), feeds, heard, clock: () => time.nowMs },
    configuredFeeds: livekitUrl === undefined ? [] : [configured(livekitUrl)],
    onFault: (error: unknown) => (faults === undefined ? assert.fail(String(error)) : faults.push(error)),
  }
  const send = sendJson(new AbortController().signal)
  return createSweeper({
    ...sweeping,
    reconciliations: [feedsReconciliation({ ...sweeping, serverOf: serverInRealTime(send) })],
  })
}

/** LiveKit's SDK, which checks the tokens, knows only the real clock. */
function serverInRealTime(send: SendRequest) {
  return ({ snapshot }: Feed, { url, authKey, secret }: FeedRow): SnapshotServer | undefined => {
    if (url === undefined || snapshot === undefined) return undefined
    const server = snapshot.serverOf({ url, authKey, secret }, send)
    return {
      listRooms: (_nowMs, names) => server.listRooms(Date.now(), names),
      listParticipants: name => server.listParticipants(name, Date.now()),
    }
  }
}
