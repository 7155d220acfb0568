import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openStore } from '../../src/store/open-store.ts'
import type { Transaction } from '../../src/store/store.ts'
import { newPostgres } from '../support/test-place.ts'
import { until } from '../support/until.ts'
import { queryAt } from './watch.ts'

const WITHIN_MS = 4_000
const WAITING = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
const ROOM = { accountSid: `AC${'1'.repeat(32)}`, roomSid: `RM${'2'.repeat(32)}` }
const ADD_ROOM = `insert into rooms (account_sid, room_sid, codecs, created_ms, last_ms, state, numbers, record)
  values ('${ROOM.accountSid}', '${ROOM.roomSid}', '', 0, 0, '{}', '{}', '{}')`
const ROUNDS = ['without a row', 'with a row'] as const

/** What can be locked by one process at a time, whether it has a row already or not. */
const LOCKS: readonly [string, (transaction: Transaction) => Promise<unknown>][] = [
  ['a feed', transaction => transaction.lockFeed({ accountSid: ROOM.accountSid, feedId: 'FD1' }, 1)],
  ['a room', transaction => transaction.lockRoom(ROOM)],
]

for (const [what, lock] of LOCKS) {
  test(`the lock of ${what} is held until the transaction ends, and then goes to the next one that waits`, async t => {
    const { place, stores } = await twoStores(t)
    for (const round of ROUNDS) {
      const order: string[] = []
      const letGo = Promise.withResolvers<void>()
      const has = Promise.withResolvers<void>()
      const one = stores[0].transact(async transaction => {
        await lock(transaction)
        has.resolve()
        await letGo.promise
        order.push('one')
      })
      await has.promise
      const other = stores[1].transact(async transaction => {
        await lock(transaction)
        order.push('other')
      })
      try {
        await until(`the other to wait for one ${round}`, WITHIN_MS, async () =>
          (await queryAt(place, WAITING)).length === 1 ? true : undefined,
        )
      } finally {
        letGo.resolve()
      }
      await Promise.all([one, other])
      assert.deepEqual(order, ['one', 'other'])
      if (round === ROUNDS[1]) break
      assert.deepEqual(await queryAt(place, 'select 1 from rooms'), [], 'a room without events has no row')
      await queryAt(place, ADD_ROOM)
    }
  })
}

async function twoStores(t: TestContext) {
  const { place, remove } = await newPostgres()
  const stores = [await openStore(place), await openStore(place)] as const
  t.after(async () => {
    for (const store of stores) await store.close()
    await remove()
  })
  return { place, stores }
}
