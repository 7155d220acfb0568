/**
 * Somebody deletes, renames or replaces the database file, or one of the two beside it, while the server runs. The
 * server goes on writing to a file that no path leads to, and all that it then acknowledges is lost when it ends.
 */
import assert from 'node:assert/strict'
import { copyFile, readdir, readlink, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { servedParticipants, servedRooms } from '../feeds/served.ts'
import { deliver, livekitRoom } from '../support/livekit.ts'
import { newFolder } from '../support/test-place.ts'
import { get, NOW_MS, type TestServer, testServer } from '../support/test-server.ts'

const room = livekitRoom('room', NOW_MS - 60_000)

/** A server over a SQLite file in a folder, with one room that is stored. */
async function serverOver(t: TestContext): Promise<{ server: TestServer; file: string; folder: string }> {
  const { place, remove } = await newFolder()
  t.after(remove)
  const folder = join(place, 'data')
  const server = await testServer(t, { database: folder })
  assert.equal((await deliver(server, room.started())).statusCode, 200)
  return { server, folder, file: join(folder, 'rollcall.db') }
}

const ACCIDENTS: Record<string, (file: string, folder: string) => Promise<unknown>> = {
  'the database is deleted': file => rm(file),
  'the database is renamed': file => rename(file, `${file}.old`),
  'the database is replaced by a copy': async file => {
    await copyFile(file, `${file}.copy`)
    await rename(`${file}.copy`, file)
  },
  'the write-ahead log is deleted': file => rm(`${file}-wal`),
  'the index of the write-ahead log is deleted': file => rm(`${file}-shm`),
  'the folder is renamed': (_, folder) => rename(folder, `${folder}.old`),
  'the folder is deleted': (_, folder) => rm(folder, { recursive: true }),
}

for (const [what, happens] of Object.entries(ACCIDENTS)) {
  test(`${what}: nothing more is acknowledged, the server is not ready, and the log says why once a minute`, async t => {
    const { server, file, folder } = await serverOver(t)
    await happens(file, folder)
    const ann = room.joined('ann', NOW_MS - 50_000)
    for (let turn = 0; turn < 50; turn++) assert.equal((await deliver(server, ann)).statusCode, 503)
    server.clock.nowMs += 2_000
    const ready = await get(server, '/readyz', {})
    assert.equal(ready.status, 503)
    assert.match(ready.body.message, /^The file rollcall\.db\S* was deleted, renamed or replaced .*\.$/)
    assert.equal(server.log.filter(line => line.includes('"level":40')).length, 1)
    assert.match(server.log.find(line => line.includes('"level":40')) ?? '', /"msg":"The file rollcall\.db/)
    server.clock.nowMs += 60_000
    await deliver(server, ann)
    assert.equal(server.log.filter(line => line.includes('"level":40')).length, 2)
  })
}

test('a commit during which the file is deleted is not acknowledged', async t => {
  const { server, file } = await serverOver(t)
  const commit = server.database.transact(async connection => {
    await connection.run('delete from deliveries')
    await rm(file)
  })
  await assert.rejects(commit, /was deleted, renamed or replaced/)
})

test('a file that is renamed back is used again', async t => {
  const { server, file } = await serverOver(t)
  await rename(file, `${file}.old`)
  const ann = room.joined('ann', NOW_MS - 50_000)
  assert.equal((await deliver(server, ann)).statusCode, 503)
  await rename(`${file}.old`, file)
  assert.equal((await deliver(server, ann)).statusCode, 200)
  server.clock.nowMs += 2_000
  assert.equal((await get(server, '/readyz', {})).status, 200)
})

test('while the process lives, a deleted file with all that was acknowledged can be copied as the docs say', {
  skip: process.platform !== 'linux',
}, async t => {
  const { server, file } = await serverOver(t)
  assert.equal((await deliver(server, room.joined('ann', NOW_MS - 50_000))).statusCode, 200)
  for (const end of ['', '-wal', '-shm']) await rm(file + end)
  assert.equal((await deliver(server, room.joined('ben', NOW_MS - 40_000))).statusCode, 503)
  const saved = await newFolder()
  t.after(saved.remove)
  for (const end of ['', '-wal']) {
    await copyFile(await descriptorOf(`${file}${end} (deleted)`), join(saved.place, `rollcall.db${end}`))
  }
  const other = await testServer(t, { database: saved.place })
  const [{ room_sid } = assert.fail('there is no room')] = await servedRooms(other)
  const people = await servedParticipants(other, room_sid)
  assert.deepEqual(
    people.map(one => one.participant_identity),
    ['ann'],
  )
})

/** The path of the open file of this process whose link reads so. */
async function descriptorOf(link: string): Promise<string> {
  for (const name of await readdir('/proc/self/fd')) {
    const path = `/proc/self/fd/${name}`
    if ((await readlink(path).catch(() => '')) === link) return path
  }
  return assert.fail(`no open file is ${link}`)
}
