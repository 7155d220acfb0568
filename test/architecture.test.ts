import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { feeds } from '../src/feeds/index.ts'

const SRC = new URL('../src/', import.meta.url).pathname

/** Which part may import which: a folder of src, or a file in it. What wires them together is not listed. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  event: [],
  sid: [],
  'iso-date': [],
  config: ['event', 'sid'],
  'well-formed': [],
  feeds: ['event', 'sid', 'iso-date', 'well-formed', 'feeds'],
  fold: ['event', 'fold'],
  store: ['event', 'feeds', 'fold', 'store'],
  ingest: ['event', 'sid', 'well-formed', 'feeds', 'fold', 'store', 'ingest'],
  api: ['event', 'fold', 'store', 'http', 'api'],
  http: [
    'event',
    'sid',
    'iso-date',
    'well-formed',
    'config',
    'version',
    'feeds',
    'fold',
    'store',
    'ingest',
    'api',
    'http',
  ],
  demo: ['feeds', 'demo'],
}
const WIRES = ['main', 'version', 'cli']

/** What must not be found in parts that neither know the time nor touch the world. */
const PURE = ['event', 'sid', 'iso-date', 'well-formed', 'feeds', 'fold']
const IMPURE =
  /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bprocess\.|node:(?!crypto|zlib)|\bfetch\(|\bsetTimeout\(/

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))

function partOf(file: string): string {
  return (file.split('/')[0] ?? '').replace(/\.ts$/, '')
}

test('each part imports only what it may', () => {
  for (const file of files) {
    const part = partOf(file)
    if (WIRES.includes(part)) continue
    const allowed = MAY_IMPORT[part]
    assert.ok(allowed !== undefined, `src/${file} belongs to no part: name it in this test`)
    const text = readFileSync(join(SRC, file), 'utf8')
    for (const [, from = ''] of text.matchAll(/from '(\.[^']+)'/g)) {
      const imported = partOf(normalize(join(dirname(file), from)))
      assert.ok(allowed.includes(imported), `src/${file} must not import ${from}`)
    }
  }
})

test('no feed imports another feed', () => {
  const kinds = feeds.map(feed => feed.kind)
  for (const kind of kinds) {
    const own = files.filter(file => file.startsWith(`feeds/${kind}/`))
    assert.ok(own.length > 0)
    for (const file of own) {
      const text = readFileSync(join(SRC, file), 'utf8')
      for (const other of kinds.filter(name => name !== kind)) {
        assert.ok(!text.includes(`from '../${other}/`), `src/${file} must not import ${other}`)
      }
    }
  }
})

test('feeds and folds know no clock and touch nothing', () => {
  for (const file of files.filter(name => PURE.includes(partOf(name)))) {
    const text = readFileSync(join(SRC, file), 'utf8')
    assert.doesNotMatch(text, IMPURE, `src/${file}`)
  }
})

test('only config reads settings from the environment, and only main ends the process', () => {
  for (const file of files) {
    const text = readFileSync(join(SRC, file), 'utf8')
    if (file !== 'main.ts') assert.doesNotMatch(text, /process\.(env|exit)/, `src/${file}`)
  }
})
