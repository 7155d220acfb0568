import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { Client } from 'pg'
import { documentedCode, holdRestored, SETTINGS_OF_BACKUPS } from '../support/backup.ts'
import { runProgram, temporaryFolder } from '../support/program.ts'
import { startServe } from '../support/running-server.ts'

const server = process.env['TEST_POSTGRES_URL']
if (server === undefined) throw new Error('There is no server: run the tests by npm run test:postgres')
const url = new URL(server)
/** The programs of the server's own version come first, because a host may have several versions. */
const PATH = [process.env['TEST_POSTGRES_BIN'], process.env['PATH']].filter(Boolean).join(delimiter)
const env = { PATH, PGHOST: url.hostname, PGPORT: url.port, PGUSER: decodeURIComponent(url.username) }

const missing = await whatIsMissing()
const isOfCi = process.env['CI'] === 'true'

test('a dump made and restored as documented gives the same answers', {
  skip: isOfCi ? false : missing,
}, async t => {
  assert.equal(missing, undefined)
  const cwd = await temporaryFolder(t)
  const run = async (code: string) => {
    const ended = await runProgram({ cwd, args: ['-c', code], command: ['sh'], env })
    assert.deepEqual(ended, { exitCode: 0, stdout: '', stderr: '' })
  }
  const start = (database: string) =>
    startServe(t, { cwd, env: SETTINGS_OF_BACKUPS, args: ['--database', placeOf(database)] })
  t.after(() =>
    runSql([
      'drop database if exists rollcall with (force)',
      'drop database if exists rollcall_restored with (force)',
      'drop role if exists rollcall',
    ]),
  )
  await runSql(
    documentedCode('sql', 'create database rollcall')
      .split(';')
      .filter(sql => sql.trim() !== ''),
  )
  await holdRestored({
    start: () => start('rollcall'),
    async backUp() {
      await run(documentedCode('sh', 'pg_dump'))
      assert.equal((await stat(join(cwd, 'rollcall.dump'))).mode & 0o777, 0o600)
    },
    async restore(server) {
      await run(documentedCode('sh', 'pg_restore'))
      await server.stop()
      return await start('rollcall_restored')
    },
  })
})

/** The place of a database, for the role that the documented SQL makes. */
function placeOf(database: string): string {
  const place = new URL(url)
  place.username = 'rollcall'
  place.pathname = database
  return place.href
}

/** Why the test cannot run here: there is no pg_dump that can read this server. Undefined if there is one. */
async function whatIsMissing(): Promise<string | undefined> {
  const told = await runProgram({ cwd: '/', args: ['-c', 'pg_dump --version'], command: ['sh'], env })
  const program = Number(/ (\d+)[.\d]*/.exec(told.stdout)?.[1])
  const [row] = await runSql(['show server_version'])
  const needed = Number.parseInt(String(row?.['server_version']), 10)
  if (told.exitCode !== 0)
    return `There is no pg_dump: TEST_POSTGRES_BIN may name a folder of PostgreSQL's programs.`
  if (program >= needed) return undefined
  return `pg_dump ${program} cannot read PostgreSQL ${needed}: TEST_POSTGRES_BIN may name the programs of one version.`
}

/** Runs statements one by one as the administrator. Resolves to the rows of the last. */
async function runSql(statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url.href })
  await client.connect()
  try {
    let rows: Record<string, unknown>[] = []
    for (const sql of statements) rows = (await client.query(sql)).rows
    return rows
  } finally {
    await client.end()
  }
}
