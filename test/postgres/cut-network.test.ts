import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openDatabase } from '../../src/store/open-store.ts'
import { farNetwork } from '../support/far-network.ts'
import { startPostgres } from '../support/postgres-server.ts'
import { until } from '../support/until.ts'
import { loadOn } from './load.ts'
import { assertSameAsOnce } from './same-as-once.ts'
import { addFeeds, serveOver } from './serve-over.ts'

/** 5 s to connect and 15 s for one statement: src/store/engine/postgres/open-postgres.ts. */
const ANSWERED_WITHIN_MS = 20_000
/** After this the server ends a transaction whose client says nothing: idle_in_transaction_session_timeout. */
const LOCKS_GONE_WITHIN_MS = 16_500
/** Works that wait are refused after 5 s, and connections are cut 1 s later. */
const STOPPED_WITHIN_MS = 8_000
const SLACK_MS = 1_500
const NO_NETWORK = 'a network of its own takes root and iproute2'
const IN_TRANSACTION = `select pid, wait_event_type "waitsFor" from pg_stat_activity
  where application_name = 'rollcall' and xact_start is not null`

test('while the network to PostgreSQL is cut, all is answered in time and no lock stays; then service resumes', async t => {
  const far = await farPostgres(t)
  if (far === undefined) return lacking(t)
  const { network, postgres, place } = far
  await addFeeds(place)
  const server = await serveOver(t, place)
  const load = loadOn(t, server.url)
  await load.untilEach('taken', 'before the cut', ANSWERED_WITHIN_MS)

  const other = await postgres.client('rollcall')
  await other.query('begin; lock table participants in share row exclusive mode')
  await until('a delivery in the middle of its transaction', ANSWERED_WITHIN_MS, async () =>
    (await postgres.query(IN_TRANSACTION)).some(({ waitsFor }) => waitsFor === 'Lock') ? true : undefined,
  )
  network.cut()
  await other.end()
  const cutAtMs = performance.now()
  const seconds = () => `${((performance.now() - cutAtMs) / 1000).toFixed(1)} s`
  assert.ok((await postgres.query(IN_TRANSACTION)).length > 0)
  await until('all locks to be gone', LOCKS_GONE_WITHIN_MS, async () =>
    (await postgres.query(IN_TRANSACTION)).length === 0 ? true : undefined,
  )
  t.diagnostic(`no lock ${seconds()} after the cut`)
  await load.untilEach('refused', 'during the cut', ANSWERED_WITHIN_MS * 2)
  t.diagnostic(`each was refused a few times ${seconds()} after the cut`)
  network.mend()
  const mendedAtMs = performance.now()
  await load.untilEach('taken', 'after the cut', ANSWERED_WITHIN_MS)
  t.diagnostic(`each is taken again ${Math.round(performance.now() - mendedAtMs)} ms after it is mended`)
  t.diagnostic(`the slowest answer took ${load.slowestMs()} ms`)
  assert.ok(load.slowestMs() < ANSWERED_WITHIN_MS + SLACK_MS, `${load.slowestMs()} ms`)

  const sent = await load.stop()
  await assertSameAsOnce(t, server.url, sent)

  const again = loadOn(t, server.url)
  // The same letters are duplicates now, and are answered 200.
  await again.untilEach('taken', 'before the second cut', ANSWERED_WITHIN_MS)
  network.cut()
  again.stop().catch(() => {})
  const { exitCode, tookMs } = await server.stop('SIGTERM')
  t.diagnostic(`stopped in ${Math.round(tookMs)} ms`)
  assert.equal(exitCode, 0)
  assert.ok(tookMs < STOPPED_WITHIN_MS, `${tookMs} ms`)
})

test('closing a database whose server does not answer leaves no open socket', async t => {
  const far = await farPostgres(t)
  if (far === undefined) return lacking(t)
  const before = socketCount()
  const database = openDatabase(far.place)
  await database.reader.all('select 1')
  assert.equal(await database.lease.hold(), true)
  assert.equal(socketCount(), before + 2)
  far.network.cut()
  const beganMs = performance.now()
  await database.close()
  await until('no socket', 2_000, () => socketCount() <= before || undefined)
  t.diagnostic(`closed after ${Math.round(performance.now() - beganMs)} ms`)
})

/** A PostgreSQL server behind a network that can be cut. */
async function farPostgres(t: TestContext) {
  const network = farNetwork()
  if (network === undefined) return undefined
  t.after(() => network.remove())
  const postgres = await startPostgres([], network.address, network.launcher)
  t.after(() => postgres.remove())
  await postgres.query('create database rollcall')
  return { network, postgres, place: postgres.url('rollcall') }
}

/** Skips the test; in CI, where nothing may be skipped, fails it. */
function lacking(t: TestContext): void {
  assert.equal(process.env['CI'], undefined, NO_NETWORK)
  t.skip(NO_NETWORK)
}

function socketCount(): number {
  return process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap').length
}
