import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Client } from 'pg'
import { ACCOUNT_SID } from '../crash/rollcall-server.ts'
import { ask, told } from '../support/running-server.ts'
import { newPostgres } from '../support/test-place.ts'
import { until } from '../support/until.ts'
import { type Serving, serveOver } from './serve-over.ts'
import { queryAt } from './watch.ts'

const WITHIN_MS = 20_000
const BARE = { PORT: '0' }
const WAITING = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`

test('two servers that start at once on an empty database migrate it once, and make one account with one token', async t => {
  const place = await newDatabase(t, 'template1')
  const both = await Promise.all([serveOver(t, place, BARE), serveOver(t, place, BARE)])
  await assertOneAccount(place, both)
  for (const server of both) assert.equal((await server.stop()).exitCode, 0)
})

for (const settings of [BARE, { ...BARE, ROLLCALL_ACCOUNT_SID: ACCOUNT_SID }]) {
  const whose = 'ROLLCALL_ACCOUNT_SID' in settings ? 'the one in the settings' : 'a generated one'
  test(`two servers that find no account at the same time make one account: ${whose}`, async t => {
    const place = await newDatabase(t)
    const other = new Client({ connectionString: place })
    await other.connect()
    await other.query('begin; lock table accounts in exclusive mode')
    const starting = [serveOver(t, place, settings), serveOver(t, place, settings)]
    // Both have read that there is no account, and neither can write.
    await until('both to wait', WITHIN_MS, async () =>
      (await queryAt(place, WAITING)).length === 2 ? true : undefined,
    )
    await other.end()
    await assertOneAccount(place, await Promise.all(starting))
  })
}

async function newDatabase(t: TestContext, template?: string): Promise<string> {
  const { place, remove } = await newPostgres(template)
  t.after(remove)
  return place
}

async function assertOneAccount(place: string, servers: readonly Serving[]): Promise<void> {
  const rows = await queryAt(place, 'select account_sid "sid", is_default "isDefault" from accounts')
  assert.deepEqual(
    rows.map(({ isDefault }) => isDefault),
    [1],
  )
  const texts = servers.map(server => server.stdout())
  const sids = texts.map(text => told(text, /^Account SID +(\S+)$/m))
  assert.deepEqual(sids, [rows[0]?.['sid'], rows[0]?.['sid']])
  const [token, ...others] = texts.flatMap(text => /^Auth token +(\S+)$/m.exec(text)?.[1] ?? [])
  assert.deepEqual([typeof token, others], ['string', []], 'the token is printed once')
  for (const { url } of servers) {
    const { status } = await ask(url, '/v1/Video/Rooms', sids[0] ?? '', token ?? '')
    assert.equal(status, 200)
  }
}
