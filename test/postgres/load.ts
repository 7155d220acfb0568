import { ACCOUNT_SID, AUTH_TOKEN } from '../crash/rollcall-server.ts'
import type { Scope } from '../support/program.ts'
import { basic } from '../support/test-server.ts'
import { until } from '../support/until.ts'
import type { Letter } from './letters.ts'
import { type Going, keepAsking, keepSending } from './sending.ts'
import { ENDLESS } from './stories.ts'

/** Senders of every kind and readers, all at once, while the database comes and goes. */
export interface Load {
  /** Waits until each sender and each reader was taken, or refused, a few times more. */
  untilEach(what: 'taken' | 'refused', why: string, limitMs: number): Promise<void>
  /** The longest that any answer took so far. */
  slowestMs(): number
  /** Resolves to what was taken, by sender, in order; rejects with the first answer that was not as it must be. */
  stop(): Promise<readonly (readonly Letter[])[]>
}

const A_FEW = 3
const ROOMS = '/v1/Video/Rooms?CreatedAfter=2025-01-01'

/** `/healthz` must be 200 all the time. */
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
