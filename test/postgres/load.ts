import { ACCOUNT_SID, AUTH_TOKEN } from '../crash/rollcall-server.ts'
import type { Scope } from '../support/program.ts'
import { basic } from '../support/test-server.ts'
import { until } from '../support/until.ts'
import type { Letter } from './letters.ts'
import { type Going, keepAsking, keepSending } from './sending.ts'
import { ENDLESS } from './stories.ts'

/** Senders of every kind and readers, which go on during an outage of the database. */
export interface Load {
  /** Waits until each sender and each reader was answered 200 (`taken`) or refused a few more times. */
  untilEach(what: 'taken' | 'refused', why: string, limitMs: number): Promise<void>
  /** The longest time that an answer has taken so far. */
  slowestMs(): number
  /** Resolves to the letters that each sender delivered, in order. Rejects with the first wrong answer. */
  stop(): Promise<readonly (readonly Letter[])[]>
}

const A_FEW = 3
const ROOMS = '/v1/Video/Rooms?CreatedAfter=2025-01-01'

/** Starts the load. `/healthz` must be answered 200 all the time. */
export function loadOn(scope: Scope, url: string): Load {
  const { authorization } = basic(ACCOUNT_SID, AUTH_TOKEN)
  const senders = Object.values(ENDLESS).map(letters => keepSending(scope, url, letters()))
  const asking = (path: string, mayRefuse: boolean) =>
    keepAsking(scope, url, { path, authorization, mayRefuse })
  const readers = [asking(ROOMS, true), asking('/readyz', true)]
  const refusable: Going[] = [...senders, ...readers]
  const all = [...refusable, asking('/healthz', false)]
  return {
    async untilEach(what, why, limitMs) {
      const before = refusable.map(one => one[what]())
      const isMore = () => refusable.every((one, index) => one[what]() >= (before[index] ?? 0) + A_FEW)
      await until(`each to be ${what} ${why}`, limitMs, () => isMore() || undefined)
    },
    slowestMs: () => Math.max(...all.map(one => one.slowestMs())),
    async stop() {
      await Promise.all(all.map(one => one.stop()))
      return senders.map(({ sent }) => sent)
    },
  }
}
