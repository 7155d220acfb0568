import type { TestContext } from 'node:test'
import { assertNumbersAgree } from '../../feeds/numbers.ts'
import { NOW_MS, testServer } from '../../support/test-server.ts'
import { livekitList } from './livekit-list.ts'
import { sweeperOf } from './sweeper-of.ts'

const MINUTE = 60_000

/** A server, LiveKit's list, and a function that compares them at some minutes after noon. */
export async function stage(t: TestContext) {
  const server = await testServer(t)
  const list = await livekitList(t)
  const faults: unknown[] = []
  const sweeper = { now: sweeperOf(server, { livekitUrl: list.url, faults }) }
  return {
    server,
    list,
    faults,
    async lookAt(minutes: number) {
      server.clock.nowMs = NOW_MS + minutes * MINUTE
      await sweeper.now.reconcile()
      await assertNumbersAgree(server)
    },
    sweep: () => sweeper.now.sweep(),
    restart() {
      sweeper.now = sweeperOf(server, { livekitUrl: list.url, faults })
    },
  }
}
