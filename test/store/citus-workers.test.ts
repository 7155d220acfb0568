import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '../../src/store/open-store.ts'
import { citusStandIn } from '../support/citus-stand-in.ts'

// A worker had synchronous_commit = off, so that it could lose what was acknowledged. Only the coordinator was checked.

const LOSES =
  /synchronous_commit is off at the worker db2:5432, and what is acknowledged could be lost: turn it on there\./

test('a worker that would lose commits is named at the start and by migrate --citus', async t => {
  const { place, sql, migrate, refused } = await citusStandIn(t)
  await migrate()
  await sql(`insert into workers values ('db1', 5432, true, 'on'), ('db2', 5432, true, 'off')`)
  await assert.rejects(openStore(place), LOSES)
  assert.match(await refused('citus'), LOSES)
  assert.deepEqual(await sql('select * from pg_dist_partition'), [])
  await sql(`update workers set result = 'on'`)
  await (await openStore(place)).close()
})

test('a worker that is down, or that the role must not ask, keeps no server from starting', async t => {
  const { place, sql, migrate } = await citusStandIn(t)
  await migrate('citus')
  await sql(
    `insert into workers values ('db1', 5432, false, 'connection refused'), ('db2', 5432, true, 'on')`,
  )
  await (await openStore(place)).close()
  await sql(`create or replace function run_command_on_workers(command text) returns setof workers
    language plpgsql as $$ begin raise 'permission denied' using errcode = '42501'; end $$`)
  await (await openStore(place)).close()
})
