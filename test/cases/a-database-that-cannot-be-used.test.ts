/**
 * The disk is full, or another program holds the lock of the database. Deliveries are refused with 503, and whoever
 * looks for the reason finds it in the log of the server, and later in the log of deliveries.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { deliver, livekitRoom } from '../support/livekit.ts'
import { goOnWriting, holdWriting, stopWriting } from '../support/outage.ts'
import { runProgram, temporaryFolder } from '../support/program.ts'
import { ENGINE } from '../support/test-place.ts'
import { get, NOW_MS, testServer } from '../support/test-server.ts'
import { until } from '../support/until.ts'
import { watchedDatabase } from '../support/watched-database.ts'

const room = livekitRoom('room', NOW_MS - 60_000)
const LARGE = { ...room.started(), metadata: 'x'.repeat(50_000) }
/** More than the free space in the pages of the new database holds in its log. */
const REFUSED = 90

/** Mounts a small file system that only the command sees, and runs the command in it. */
const ON_A_SMALL_DISK = ['--user', '--map-root-user', '--mount', 'sh', '-c']
const canMount = spawnSync('unshare', [...ON_A_SMALL_DISK, 'mount -t tmpfs tmpfs /mnt']).status === 0

test('while the disk is full, the log says so once a minute, and later the log of deliveries does', {
  skip: ENGINE !== 'sqlite',
}, async t => {
  let tries = 0
  const server = await testServer(t, {}, [], database =>
    watchedDatabase(database, sql => {
      if (sql.startsWith('insert into deliveries') && sql.includes('feed_id')) tries++
    }),
  )
  await stopWriting(server)
  for (let turn = 0; turn < REFUSED; turn++) assert.equal((await deliver(server, LARGE)).statusCode, 503)
  const warnings = () => server.log.map(line => JSON.parse(line)).filter(({ level }) => level === 40)
  const sentence = 'The database cannot be written now: the disk is full (SQLite code 13).'
  assert.deepEqual(
    warnings().map(({ msg }) => msg),
    [sentence],
  )
  server.clock.nowMs += 60_000
  const ready = await get(server, '/readyz', {})
  assert.deepEqual([ready.status, ready.body.message], [503, 'Nothing can be stored now'])
  assert.equal(warnings().length, 2)

  // The log of deliveries is written twice a second, in vain: its rows must not be lost by that.
  const before = tries
  assert.equal((await deliver(server, LARGE)).statusCode, 503)
  await until('the log to be tried', 5_000, () => tries > before || undefined)
  await goOnWriting(server)
  assert.equal((await deliver(server, LARGE)).statusCode, 200)
  await server.app.close()
  const log = await server.store.deliveries.last(100)
  assert.deepEqual(
    log.map(({ httpStatus, detail }) => [httpStatus, detail]),
    [...Array(REFUSED + 1).fill([503, sentence]), [200, 'room.started']],
  )
})

test('while another program holds the lock, the log says so', { skip: ENGINE !== 'sqlite' }, async t => {
  const server = await testServer(t)
  const free = await holdWriting(server)
  assert.equal((await deliver(server, LARGE)).statusCode, 503)
  await free()
  const warnings = server.log.map(line => JSON.parse(line)).filter(({ level }) => level === 40)
  assert.deepEqual(
    warnings.map(({ msg }) => msg),
    ['The database cannot be written now: another process has locked the file for too long (SQLite code 5).'],
  )
  assert.equal((await deliver(server, LARGE)).statusCode, 200)
})

test('a new database on a full disk is refused with a sentence that says so, whatever space is left', {
  skip: !canMount,
}, async t => {
  const cwd = await temporaryFolder(t)
  // Too small for the file, for its log, for the index of the log, or for the tables.
  for (const kB of [4, 16, 36, 60, 100]) {
    const script = `mount -t tmpfs -o size=${kB}k tmpfs /mnt && exec "$@"`
    const program = [process.execPath, `${import.meta.dirname}/../../src/main.ts`]
    const { exitCode, stderr } = await runProgram({
      cwd,
      command: ['unshare', ...ON_A_SMALL_DISK, script, 'sh', ...program],
      args: ['serve', '--port', '0', '--database', '/mnt'],
    })
    assert.equal(exitCode, 1, `${kB} kB: ${stderr}`)
    assert.match(
      stderr,
      /^rollcall: Cannot open the database: .*[tT]he disk is full \(SQLite code \d+\)\.\n$/,
      `${kB} kB`,
    )
  }
})
