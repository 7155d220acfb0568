import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { commands } from '../../src/cli/index.ts'
import { DIALECTS } from '../../src/store/engine/dialect.ts'
import { openDatabase } from '../../src/store/open-store.ts'
import { migrationsAfter } from '../../src/store/schema/migrate.ts'
import { migrations } from '../../src/store/schema/migrations/index.ts'
import { temporaryFolder } from '../support/program.ts'
import { refusal, runCommand } from '../support/run-command.ts'

const LAST = migrations.length
const ID = 'none'

/** What each command does with a database: reads or writes the one that is there, or makes it where there is none. */
const ACCESS: Readonly<Record<string, { access: 'reads' | 'writes' | 'makes' | 'serves'; args?: string[] }>> =
  {
    serve: { access: 'serves' },
    demo: { access: 'serves' },
    'account add': { access: 'makes' },
    'account list': { access: 'reads' },
    'account remove': { access: 'writes', args: [ID] },
    'account rotate': { access: 'writes', args: [ID] },
    'key add': { access: 'writes' },
    'key list': { access: 'reads' },
    'key remove': { access: 'writes', args: [ID] },
    'key rotate': { access: 'writes', args: [ID] },
    'feed add': { access: 'writes', args: ['events'] },
    'feed list': { access: 'reads' },
    'feed set': { access: 'writes', args: [ID, '--url', 'https://livekit.example.com'] },
    'feed remove': { access: 'writes', args: [ID] },
    'feed rotate': { access: 'writes', args: [ID] },
    'feed log': { access: 'reads' },
    migrate: { access: 'makes' },
    rebuild: { access: 'writes' },
    copy: { access: 'reads' },
  }

function thatDo(...access: string[]) {
  return Object.entries(ACCESS).filter(([, one]) => access.includes(one.access))
}

/** Runs a command over a file, which is the source of `copy`. */
function over(file: string, to: string, name: string) {
  const given = { args: ACCESS[name]?.args ?? [], database: file }
  return name === 'copy' ? { ...given, options: { from: file, to } } : given
}

test('it is known of every command what it does with a database', () => {
  assert.deepEqual(
    commands.map(({ name }) => name),
    Object.keys(ACCESS),
  )
})

test('a command that reads or writes makes nothing where no database is', async t => {
  const cwd = await temporaryFolder(t)
  for (const [name] of thatDo('reads', 'writes')) {
    for (const place of ['typo', 'typo/typo.db', 'typo.db']) {
      const sentence = await refusal(cwd, name, over(join(cwd, place), join(cwd, 'copy'), name))
      assert.match(
        sentence,
        /^Cannot open the database.*: There is no database at .*typo.*: the first /,
        name,
      )
      assert.deepEqual(readdirSync(cwd), [], name)
    }
  }
  const dry = await runCommand(cwd, 'migrate', { options: { 'dry-run': 'true' } })
  assert.match(dry, /^-- There is no database yet\.\n-- version 1\n/)
  assert.deepEqual(readdirSync(cwd), [])
})

test('a command that does not migrate refuses a database of another schema, and changes no byte of it', async t => {
  const cwd = await temporaryFolder(t)
  for (const version of [0, ...migrations.keys(), LAST + 1]) {
    const folder = join(cwd, `schema-${version}`)
    await makeSchema(join(folder, 'x.db'), version)
    const before = contentOf(folder)
    for (const [name] of thatDo('reads', 'writes', 'makes')) {
      // These make the tables of an empty database.
      if (name === 'migrate' || (name === 'account add' && version === 0)) continue
      const sentence = await refusal(cwd, name, over(join(folder, 'x.db'), join(cwd, 'copy'), name))
      const expected =
        version === 0
          ? /It has no tables of Rollcall: the first rollcall serve makes them, or rollcall migrate\.$/
          : version > LAST
            ? /schema version \d+; this Rollcall knows \d+\. Run a newer Rollcall\.$/
            : /It has schema version \d, and this Rollcall needs \d+: run rollcall migrate, or start rollcall serve/
      assert.match(sentence, expected, `${name}, schema ${version}`)
      assert.deepEqual(contentOf(folder), before, `${name}, schema ${version}`)
    }
    if (version > LAST) continue
    await runCommand(cwd, 'migrate', { database: join(folder, 'x.db'), options: { 'dry-run': 'true' } })
    assert.deepEqual(contentOf(folder), before, `migrate --dry-run, schema ${version}`)
  }
})

test('a command that reads changes no byte, also where a killed process left a log, whose rows it shows', async t => {
  const cwd = await temporaryFolder(t)
  await runCommand(cwd, 'account add', { options: { name: 'first' } })
  const database = openDatabase(join(cwd, 'data'))
  await database.transact(c => c.run(`update accounts set name = 'second'`))
  cpSync(join(cwd, 'data'), join(cwd, 'killed'), { recursive: true })
  await database.close()
  assert.deepEqual(Object.keys(contentOf(join(cwd, 'killed'))), ['rollcall.db', 'rollcall.db-wal'])
  for (const folder of ['data', 'killed'].map(name => join(cwd, name))) {
    const before = contentOf(folder)
    for (const [name] of thatDo('reads')) {
      const printed = await runCommand(cwd, name, over(folder, join(cwd, 'copy'), name))
      assert.deepEqual(contentOf(folder), before, `${name}, ${folder}`)
      if (name === 'account list') assert.match(printed, / second /)
    }
    await runCommand(cwd, 'migrate', { database: folder, options: { 'dry-run': 'true' } })
    assert.deepEqual(contentOf(folder), before, `migrate --dry-run, ${folder}`)
  }
})

test('a file that is not of Rollcall is not changed by a command that reads or writes', async t => {
  const cwd = await temporaryFolder(t)
  mkdirSync(join(cwd, 'files'))
  writeFileSync(join(cwd, 'files/text.db'), 'This is no database.'.repeat(100))
  const other = new DatabaseSync(join(cwd, 'files/other.db'))
  other.exec('create table theirs (a); insert into theirs values (1)')
  other.close()
  const before = contentOf(join(cwd, 'files'))
  for (const file of ['text.db', 'other.db']) {
    for (const [name] of thatDo('reads', 'writes')) {
      const sentence = await refusal(cwd, name, over(join(cwd, 'files', file), join(cwd, 'copy'), name))
      assert.match(sentence, /no tables of Rollcall|The file is not a SQLite database/, name)
      assert.deepEqual(contentOf(join(cwd, 'files')), before, `${name}, ${file}`)
    }
  }
})

/** Makes a file with this version of the schema; the one after the last is that of a newer program. */
async function makeSchema(file: string, version: number): Promise<void> {
  const database = openDatabase(file)
  const statements = migrationsAfter(DIALECTS.sqlite, 0)
    .slice(0, version)
    .flatMap(migration => migration.statements)
  await database.transactAlone(async connection => {
    for (const statement of statements) await connection.run(statement)
    if (version === 0) return
    await connection.run('create table schema_version (version integer not null)')
    await connection.run('insert into schema_version (version) values (?)', [version])
  })
  await database.close()
}

/** The files of a folder with their bytes, without the index of a log, which every reader of the log makes again. */
function contentOf(folder: string): Record<string, string> {
  const files = readdirSync(folder).filter(name => !name.endsWith('-shm'))
  return Object.fromEntries(files.sort().map(name => [name, readFileSync(join(folder, name), 'base64')]))
}
