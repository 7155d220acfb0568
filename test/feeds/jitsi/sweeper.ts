import assert from 'node:assert/strict'
import { jitsi } from '../../../src/feeds/jitsi/index.ts'
import { createSweeper, type Sweeper } from '../../../src/ingest/sweep/sweeper.ts'
import { queueOf } from '../../support/queue-of.ts'
import type { TestServer } from '../../support/test-server.ts'
import { JITSI_FEED } from './event-sync.ts'

/** The sweeper of a server process that starts now. `heard` is when the process last heard each feed, by its id. */
export function jitsiSweeper({ store, clock }: TestServer, heard: ReadonlyMap<string, number>): Sweeper {
  return createSweeper({
    ...{ store, feeds: [jitsi], configuredFeeds: [JITSI_FEED], reconciliations: [], heard },
    ...{ queue: queueOf(store), clock: () => clock.nowMs, onFault: assert.ifError },
  })
}
