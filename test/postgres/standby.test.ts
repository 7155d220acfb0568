import assert from 'node:assert/strict'
import { test } from 'node:test'
import { livekitRoom } from '../support/livekit.ts'
import { startPostgres } from '../support/postgres-server.ts'
import { until } from '../support/until.ts'
import { livekitLetter, send } from './letters.ts'
import { serveOver } from './serve-over.ts'

const WITHIN_MS = 10_000
/** The time limit of one statement: src/store/engine/postgres/open-postgres.ts. */
const ANSWERED_WITHIN_MS = 15_000
const SLACK_MS = 1_500
const COMMITTING = `select 1 from pg_stat_activity where application_name = 'rollcall' and wait_event = 'SyncRep'`

test('a delivery is not acknowledged before the synchronous standby has confirmed it', async t => {
  const postgres = await startPostgres([])
  t.after(() => postgres.remove())
  await postgres.query('create database rollcall')
  const { url } = await serveOver(t, postgres.url('rollcall'))
  const letter = livekitLetter(livekitRoom('room', Date.UTC(2026, 1, 1)).started())
  await postgres.query(`alter system set synchronous_standby_names = 'nobody'`)
  await postgres.query('select pg_reload_conf()')

  const beganMs = performance.now()
  const answer = send(url, letter)
  await until('the commit', WITHIN_MS, async () =>
    (await postgres.query(COMMITTING)).length > 0 ? true : undefined,
  )
  assert.equal((await answer)?.status, 503)
  const tookMs = performance.now() - beganMs
  t.diagnostic(`refused after ${Math.round(tookMs)} ms`)
  assert.ok(tookMs < ANSWERED_WITHIN_MS + SLACK_MS)

  await postgres.query('alter system reset synchronous_standby_names')
  await postgres.query('select pg_reload_conf()')
  await until('the delivery to be taken', WITHIN_MS, async () => {
    const again = await send(url, letter)
    return again?.status === 200 || undefined
  })
})
