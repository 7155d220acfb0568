import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '../../src/store/open-store.ts'
import { sweeperOf } from '../ingest/sweep/sweeper-of.ts'
import { citusStandIn } from '../support/citus-stand-in.ts'
import { refusal, runCommand } from '../support/run-command.ts'
import { testServer } from '../support/test-server.ts'

// `migrate --citus` ran while servers wrote. It was stopped by a deadlock after seven of eleven tables, and the servers
// went on, counted wrongly and did not say so.

const SENTENCE =
  /Of the tables that Citus is to distribute, these are not: participants\. Answers may be wrong: stop all servers, run rollcall migrate --citus, and then rollcall rebuild if a server was up meanwhile\./
const SERVED =
  /^A server is up, or was up less than 30 seconds ago: stop all servers, wait so long, and run this again\.$/m
const HALF = `delete from pg_dist_partition where logicalrelid = 'participants'::regclass`

test('a server over a database that is distributed in half does not start, and no command runs', async t => {
  const { place, sql, migrate, refused } = await citusStandIn(t)
  await migrate('citus')
  await sql(HALF)
  for (const name of ['serve', 'rebuild']) {
    const stop = AbortSignal.abort() // where the server starts nevertheless, it ends at once
    assert.match(await refusal('/', name, { database: place, stop }), SENTENCE)
  }
  assert.match(await refused(), SENTENCE)
  await migrate('citus')
  await runCommand('/', 'rebuild', { database: place })
})

test('a running server says so at each sweep, until it is repaired', async t => {
  const { place, sql, migrate } = await citusStandIn(t)
  await migrate('citus')
  const sweeper = sweeperOf(await testServer(t, { database: place }))
  await sweeper.sweep()
  await sql(HALF)
  await assert.rejects(sweeper.sweep(), SENTENCE)
  await sql(`insert into pg_dist_partition values ('participants', 'h', 's', '')`)
  await sweeper.sweep()
})

test('tables are not distributed while a server has a heartbeat, whoever sweeps', async t => {
  const { place, sql, migrate, refused } = await citusStandIn(t)
  const store = await openStore(place)
  t.after(() => store.close())
  const nowMs = Date.now()
  await store.uptime.beat({ serverId: 'one', fromMs: nowMs, untilMs: nowMs, heard: new Map() }, 0)
  assert.match(await refused('citus'), SERVED)
  assert.deepEqual(await sql('select * from pg_dist_partition'), [])
  await sql('update servers set until_ms = until_ms - 30000')
  await migrate('citus')
})

test('nor while a server sweeps whose clock is an hour behind', async t => {
  const { place, sql, migrate, refused } = await citusStandIn(t)
  await migrate()
  const server = await testServer(t, { database: place })
  server.clock.nowMs = Date.now() - 3_600_000
  const sweeper = sweeperOf(server)
  await sweeper.sweep()
  assert.match(await refused('citus'), SERVED)
  assert.deepEqual(await sql('select * from pg_dist_partition'), [])
  await sweeper.stop()
  await migrate('citus')
})

test('nor is any more of them once a server has started meanwhile', async t => {
  const { sql, migrate, refused } = await citusStandIn(t)
  await migrate()
  await sql(`create function start_server() returns trigger language plpgsql as $$ begin
    insert into servers values ('late', 0, extract(epoch from now()) * 1000); return null; end $$;
    create trigger first_table after insert on pg_dist_partition for statement
    when (pg_trigger_depth() = 0) execute function start_server()`)
  assert.match(await refused('citus'), SERVED)
  assert.deepEqual(await sql('select logicalrelid::text "table" from pg_dist_partition'), [
    { table: 'events' },
  ])
})
