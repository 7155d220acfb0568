import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Database } from '../../src/store/engine/database.ts'
import { openDatabase, openStore } from '../../src/store/open-store.ts'
import { migrations } from '../../src/store/schema/migrations/index.ts'
import { runProgram } from '../support/program.ts'
import { newEmptyPlace } from '../support/test-place.ts'

const LAST = migrations.length

async function emptyPlace(t: TestContext): Promise<string> {
  const { place, remove } = await newEmptyPlace()
  t.after(remove)
  return place
}

async function at<T>(place: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = openDatabase(place)
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}

async function sqlAt(place: string, sql: string): Promise<Record<string, unknown>[]> {
  const rows = await at(place, database =>
    database.transact(connection => connection.all<Record<string, unknown>>(sql)),
  )
  return rows.map(row => ({ ...row }))
}

/** The names of all tables, in order. */
async function tablesAt(place: string): Promise<string[]> {
  const rows = await at(place, ({ reader, dialect }) =>
    reader.all<{ name: string }>(`select name from ${dialect.allTables} order by name`),
  )
  return rows.map(({ name }) => name)
}

async function migrateCommand(place: string, ...flags: string[]) {
  return await runProgram({ cwd: '/', args: ['migrate', '--database', place, ...flags] })
}

test('a database with a newer schema is refused with a sentence, and not changed', async t => {
  const place = await emptyPlace(t)
  await (await openStore(place)).close()
  await sqlAt(place, `update schema_version set version = ${LAST + 1}`)
  const sentence = `The database has schema version ${LAST + 1}; this Rollcall knows ${LAST}. Run a newer Rollcall.`
  await assert.rejects(openStore(place), { message: sentence })
  const { exitCode, stderr } = await migrateCommand(place)
  assert.deepEqual([exitCode, stderr], [1, `rollcall: ${sentence}\n`])
  assert.deepEqual(await sqlAt(place, 'select version from schema_version'), [{ version: LAST + 1 }])
})

test('if several processes start at once, one of them migrates, and all can use the database', async t => {
  const place = await emptyPlace(t)
  const stores = await Promise.all(Array.from({ length: 6 }, () => openStore(place)))
  await Promise.all(stores.map(store => store.checkWritable()))
  await Promise.all(stores.map(store => store.close()))
  assert.deepEqual(await sqlAt(place, 'select version from schema_version'), [{ version: LAST }])
})

test('a dry run changes nothing, and the SQL that it prints makes the same tables', async t => {
  const place = await emptyPlace(t)
  const dry = await migrateCommand(place, '--dry-run')
  assert.deepEqual([dry.exitCode, dry.stderr], [0, ''])
  assert.deepEqual(
    [...dry.stdout.matchAll(/^-- version (\d+)$/gm)].map(([, version]) => Number(version)),
    [...Array.from({ length: LAST }, (_, index) => index + 1)],
  )
  assert.deepEqual(await tablesAt(place), [])

  const migrated = await migrateCommand(place)
  assert.deepEqual([migrated.exitCode, migrated.stderr], [0, ''])
  assert.match(migrated.stdout, /^The schema is migrated: version 1, version 2/)
  const other = await emptyPlace(t)
  const statements = dry.stdout.replace(/^--.*$/gm, '').split(/;\n/)
  await at(other, database =>
    database.transact(async connection => {
      for (const statement of statements) if (statement.trim() !== '') await connection.run(statement)
    }),
  )
  const tables = await tablesAt(place)
  assert.deepEqual(
    await tablesAt(other),
    tables.filter(name => name !== 'schema_version'),
  )

  assert.equal((await migrateCommand(place)).stdout, 'The schema is up to date.\n')
  assert.equal((await migrateCommand(place, '--dry-run')).stdout, '-- The schema is up to date.\n')
})
