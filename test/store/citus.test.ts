import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Database } from '../../src/store/engine/database.ts'
import { openDatabase } from '../../src/store/open-store.ts'
import { spread } from '../../src/store/schema/citus.ts'
import { TABLES } from '../../src/store/schema/tables.ts'
import { citusStandIn } from '../support/citus-stand-in.ts'
import { postgresSession } from '../support/postgres-session.ts'
import { refusal } from '../support/run-command.ts'

const SHARDED = Object.keys(TABLES).filter(table => TABLES[table]?.shardedBy !== undefined)
const DISTRIBUTED = `select logicalrelid::text "table", how from pg_dist_partition order by logicalrelid::text`
const AS_IT_SHOULD_BE = [
  { table: 'events', how: 'room_sid with default, once' },
  { table: 'feed_memory', how: 'feed_id with feed_payloads, once' },
  { table: 'feed_payloads', how: 'feed_id with default, once' },
  { table: 'feeds_heard', how: 'feed_id with feed_payloads, once' },
  { table: 'listed_rooms', how: 'feed_id with feed_payloads, once' },
  { table: 'participants', how: 'room_sid with events, once' },
  { table: 'rooms', how: 'room_sid with events, once' },
]

test('without the extension no table is distributed, and a sentence says what is missing', async t => {
  const { place } = await postgresSession(t)
  for (const options of [{ citus: '' }, { citus: '', 'dry-run': '' }]) {
    const sentence = await refusal('/', 'migrate', { database: place, options })
    assert.match(sentence, /^The extension citus is not in this database/)
  }
})

test('every sharded table is distributed by its column, with colocation, and no other; a second run does nothing', async t => {
  const { sql, role, migrate } = await citusStandIn(t)
  const dry = await migrate('citus', 'dry-run')
  assert.deepEqual(await sql(DISTRIBUTED), [])
  const done = await migrate('citus')
  assert.deepEqual(done.match(/^\w+(?= is distributed\.$)/gm), SHARDED)
  const printed = dry.match(/(?<=^select create_distributed_table\(')\w+(?='.*;\nselect truncate_.*;$)/gm)
  assert.deepEqual(printed, SHARDED)
  assert.ok(dry.includes(`alter role ${role} set lock_timeout = '5s';`))
  assert.deepEqual(await sql(DISTRIBUTED), AS_IT_SHOULD_BE)
  assert.match(await migrate('citus'), /^All tables are distributed\.$/m)
  assert.match(await migrate('citus', 'dry-run'), /-- All tables are distributed\./)
})

test('small tables that an earlier version made complete on every node return to the coordinator', async t => {
  const { sql, migrate } = await citusStandIn(t)
  await migrate()
  const small = Object.keys(TABLES).filter(table => !SHARDED.includes(table))
  assert.deepEqual(small.slice(0, 5), ['accounts', 'api_keys', 'feeds', 'deliveries', 'servers'])
  for (const table of small) await sql(`select create_reference_table('${table}')`)
  const done = await migrate('citus')
  assert.deepEqual(done.match(/^\w+(?= is on the coordinator alone\.$)/gm), small)
  assert.deepEqual(await sql(DISTRIBUTED), AS_IT_SHOULD_BE)
})

test('a table that Citus knows and keeps on the coordinator is not distributed', async t => {
  const { sql, migrate } = await citusStandIn(t)
  await migrate()
  await sql(`insert into pg_dist_partition values ('accounts', 'n', 's', 'local')`)
  assert.doesNotMatch(await migrate('citus', 'dry-run'), /undistribute_table/)
  await sql(`insert into pg_dist_partition values ('events', 'n', 's', 'local')`)
  assert.match(await migrate('citus', 'dry-run'), /create_distributed_table\('events'/)
})

test('the role gets the time limit of locks, which Citus tells the workers, unless it has one', async t => {
  const { sql, role, migrate } = await citusStandIn(t)
  const settings = async () => {
    const [row] = await sql(`select rolconfig from pg_roles where rolname = '${role}'`)
    return row?.['rolconfig']
  }
  await sql(`alter role ${role} set deadlock_timeout = '2s'`)
  await migrate('citus')
  assert.deepEqual(await settings(), ['deadlock_timeout=2s', 'lock_timeout=5s'])
  await sql(`alter role ${role} set lock_timeout = '3s'`)
  assert.match(await migrate('citus'), /^All tables are distributed\.$/m)
  assert.deepEqual(await settings(), ['deadlock_timeout=2s', 'lock_timeout=3s'])
})

test('if the role must not set the time limit, a sentence asks for it, after all tables are distributed', async t => {
  const { place, role, sql, migrate } = await citusStandIn(t)
  await migrate()
  const database = openDatabase(place)
  t.after(() => database.close())
  // As a managed service may do: PostgreSQL itself lets every role change its own settings.
  const refusing: Database = {
    ...database,
    transactAlone: work =>
      database.transactAlone(connection =>
        work({
          ...connection,
          async all(statement, params) {
            if (statement.startsWith('alter role')) throw new Error('permission denied (SQLSTATE 42501)')
            return await connection.all(statement, params)
          },
        }),
      ),
  }
  const done: string[] = []
  await assert.rejects(
    spread(refusing, Date.now, sentence => done.push(sentence)),
    {
      message: `permission denied (SQLSTATE 42501). All tables are distributed. Let an administrator run this on the coordinator: alter role ${role} set lock_timeout = '5s';`,
    },
  )
  assert.deepEqual(
    done,
    SHARDED.map(table => `${table} is distributed.`),
  )
  assert.deepEqual(await sql(DISTRIBUTED), AS_IT_SHOULD_BE)
})
