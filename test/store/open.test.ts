import assert from 'node:assert/strict'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { openStore } from '../../src/store/open-store.ts'

test('a place is a folder, a path that ends in .db, or a file: URL of either, also a relative one', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-open-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const places = [
    [join(folder, 'a'), 'a/rollcall.db'],
    [join(folder, 'b/c.db'), 'b/c.db'],
    [pathToFileURL(join(folder, 'd')).href, 'd/rollcall.db'],
    [`file:${relative('.', join(folder, 'e.db'))}`, 'e.db'],
  ] as const
  for (const [place, file] of places) {
    const store = await openStore(place)
    await store.close()
    assert.ok(existsSync(join(folder, file)), place)
  }
  await assert.rejects(openStore('mysql://localhost/x'), /there is no store for mysql: URLs/)
})

test('only their owner can read the files, because they hold secrets of feeds', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-open-'))
  const store = await openStore(folder)
  t.after(async () => {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })
  await store.checkWritable()
  const modes = readdirSync(folder).map(name => [
    name,
    (statSync(join(folder, name)).mode & 0o777).toString(8),
  ])
  assert.deepEqual(Object.fromEntries(modes), {
    ...{ 'rollcall.db': '600', 'rollcall.db-shm': '600', 'rollcall.db-wal': '600' },
  })
})
