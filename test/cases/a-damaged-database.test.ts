/**
 * A disk gives zeros where pages of the database were. The rooms on those pages cannot be read or written, while all
 * others can, so that nothing shows but a 503 for some rooms.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { servedRooms } from '../feeds/served.ts'
import { deliver, livekitRoom } from '../support/livekit.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { newFolder } from '../support/test-place.ts'
import { get, NOW_MS, testServer } from '../support/test-server.ts'

const ROOMS = 30
const hasSqlite = spawnSync('sqlite3', ['--version']).status === 0
const SENTENCE =
  /^The database file is damaged, and nothing is stored in it any more: .*docs\/operations\.md says\.$/

test('once damage is met, nothing more is stored, the server stays not ready, and log and readiness say what to do', async t => {
  const { file, rooms, listed } = await copyOfRooms(t)
  zeroPages(file, 'events', 'leaf')
  const again = await testServer(t, { database: file })
  const fresh = livekitRoom('fresh', NOW_MS - 50_000)
  const ready = async () => {
    again.clock.nowMs += 2_000
    return await get(again, '/readyz', {})
  }
  assert.equal((await ready()).status, 200, 'nothing has met the damage')
  const answers = []
  for (const room of rooms) answers.push((await deliver(again, room.joined('ann', NOW_MS))).statusCode)
  assert.deepEqual(answers, Array(ROOMS).fill(503))
  for (let turn = 0; turn < 3; turn++) {
    const { status, body } = await ready()
    assert.equal(status, 503)
    assert.match(body.message, SENTENCE)
  }
  assert.equal(
    (await deliver(again, fresh.started())).statusCode,
    503,
    'a room on sound pages is refused too',
  )
  assert.equal((await servedRooms(again)).length, listed.length, 'what is sound can be read')
  const warnings = again.log.map(line => JSON.parse(line)).filter(({ level }) => level === 40)
  assert.equal(warnings.length, 1)
  assert.match(warnings[0].msg, SENTENCE)
})

test('what is not on the damaged pages can be recovered as the docs say', { skip: !hasSqlite }, async t => {
  const { file, folder, rooms } = await copyOfRooms(t)
  zeroPages(file, 'events', 'leaf', [2, 3])
  const { stderr, status } = spawnSync('sh', ['-c', documentedRecovery()], { cwd: folder, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  const again = await testServer(t, { database: join(folder, 'recovered.db') })
  await rebuildAll(again.store)
  assert.equal((await servedRooms(again)).length, ROOMS)
  const [kept] = await again.database.reader.all<{ events: number }>('select count(*) "events" from events')
  assert.ok(Number(kept?.events) < ROOMS && Number(kept?.events) > ROOMS - 8, `${kept?.events} are kept`)
  for (const room of rooms) assert.equal((await deliver(again, room.joined('ann', NOW_MS))).statusCode, 200)
})

/** The command of docs/operations.md, without the rebuild. */
function documentedRecovery(): string {
  const text = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8')
  return /^.* \.dump .*$/m.exec(text)?.[0] ?? assert.fail('operations.md has no recovery')
}

/** A copy of a database with rooms, which no process has open. */
async function copyOfRooms(t: TestContext) {
  const { place, remove } = await newFolder()
  t.after(remove)
  const server = await testServer(t, { database: place })
  const rooms = Array.from({ length: ROOMS }, (_, index) => livekitRoom(`room-${index}`, NOW_MS - 60_000))
  for (const room of rooms) {
    const body = { ...room.started(), more: 'x'.repeat(3_000) }
    assert.equal((await deliver(server, body)).statusCode, 200)
  }
  const copy = await newFolder()
  t.after(copy.remove)
  const data = join(copy.place, 'data')
  mkdirSync(data)
  const file = join(data, 'rollcall.db')
  const original = new DatabaseSync(join(place, 'rollcall.db'))
  original.exec(`vacuum into '${file}'`)
  original.close()
  return { file, folder: copy.place, rooms, listed: await servedRooms(server) }
}

/** Overwrites pages of one type of a table: those with these numbers, or all. */
function zeroPages(file: string, table: string, type: string, some?: readonly number[]): void {
  const database = new DatabaseSync(file)
  const all = database.prepare('select pageno from dbstat where name = ? and pagetype = ?').all(table, type)
  const [{ page_size: size } = assert.fail()] = database.prepare('pragma page_size').all()
  database.close()
  const pages = all.filter((_, index) => some === undefined || some.includes(index))
  assert.ok(pages.length > 1)
  const descriptor = openSync(file, 'r+')
  for (const { pageno } of pages) {
    writeSync(descriptor, Buffer.alloc(Number(size)), 0, Number(size), (Number(pageno) - 1) * Number(size))
  }
}
