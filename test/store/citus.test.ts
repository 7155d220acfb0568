import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { TABLES } from '../../src/store/schema/tables.ts'
import { postgresSession } from '../support/postgres-session.ts'
import { runProgram } from '../support/program.ts'

/**
 * Stands in for the functions of Citus, and refuses what they refuse (Citus documentation, "Create and Modify
 * Distributed Tables"): a unique key without the column, colocation with an unknown table, the same table twice.
 * Distributes nothing.
 */
const STAND_IN = `
set allow_system_table_mods = on;
insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
  values (99999, 'citus', 10, 'public'::regnamespace, false, 'stand-in');
create table pg_dist_partition (logicalrelid regclass primary key, how text);
create function create_reference_table(t regclass) returns void language sql as
  $$ insert into pg_dist_partition values (t, 'whole') $$;
create function create_distributed_table(t regclass, col text, colocate_with text default 'default') returns void
language plpgsql as $$ begin
  if exists (select 1 from pg_index i where i.indrelid = t and i.indisunique and not exists (
    select 1 from pg_attribute a where a.attrelid = t and a.attnum = any(i.indkey) and a.attname = col)) then
    raise 'cannot create constraint on %: a unique key must hold %', t, col;
  end if;
  if colocate_with <> 'default' and not exists (
    select 1 from pg_dist_partition where logicalrelid = colocate_with::regclass and how like col || '%') then
    raise 'cannot colocate % with %', t, colocate_with;
  end if;
  insert into pg_dist_partition values (t, col || ' with ' || colocate_with);
end $$;
create function truncate_local_data_after_distributing_table(t regclass) returns void language sql as
  $$ update pg_dist_partition set how = how || ', once' where logicalrelid = t $$;
`

async function postgres(t: TestContext, template?: string) {
  const { place, sql } = await postgresSession(t, template)
  const citus = (...flags: string[]) =>
    runProgram({ cwd: '/', args: ['migrate', '--citus', '--database', place, ...flags] })
  return { citus, sql }
}

test('without the extension no table is distributed, and a sentence says what is missing', async t => {
  const { citus } = await postgres(t)
  for (const flags of [[], ['--dry-run']]) {
    const { exitCode, stderr } = await citus(...flags)
    assert.equal(exitCode, 1)
    assert.match(stderr, /^rollcall: The extension citus is not in this database/)
  }
})

test('every table is distributed by its column or complete on every node, with colocation; a second run does nothing', async t => {
  const { citus, sql } = await postgres(t, 'template1')
  await sql(STAND_IN)
  const dry = await citus('--dry-run')
  assert.deepEqual([dry.exitCode, dry.stderr], [0, ''])
  assert.deepEqual(await sql('select * from pg_dist_partition'), [])
  const done = await citus()
  assert.deepEqual([done.exitCode, done.stderr], [0, ''])
  assert.deepEqual(done.stdout.match(/^\w+(?= is distributed\.$)/gm), Object.keys(TABLES))
  const printed = dry.stdout.match(/(?<=^select create_\w+\(')\w+(?='.*;\nselect truncate_.*;$)/gm)
  assert.deepEqual(printed, Object.keys(TABLES))
  assert.deepEqual(
    await sql(`select logicalrelid::text "table", how from pg_dist_partition order by logicalrelid::text`),
    [
      ...['accounts', 'api_keys', 'deliveries'].map(whole),
      { table: 'events', how: 'room_sid with default, once' },
      { table: 'feed_memory', how: 'feed_id with feed_payloads, once' },
      { table: 'feed_payloads', how: 'feed_id with default, once' },
      whole('feeds'),
      { table: 'feeds_heard', how: 'feed_id with feed_payloads, once' },
      { table: 'listed_rooms', how: 'feed_id with feed_payloads, once' },
      { table: 'participants', how: 'room_sid with events, once' },
      { table: 'rooms', how: 'room_sid with events, once' },
      whole('servers'),
    ],
  )
  assert.match((await citus()).stdout, /^All tables are distributed\.$/m)
  assert.match((await citus('--dry-run')).stdout, /-- All tables are distributed\./)
})

function whole(table: string) {
  return { table, how: 'whole, once' }
}
