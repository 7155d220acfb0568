import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { feeds } from '../src/feeds/index.ts'

const SRC = new URL('../src/', import.meta.url).pathname

/** Small files that any part may import. They import only each other. */
const SHARED = ['sid', 'iso-date', 'well-formed', 'secrets', 'version']

/** Which part may import which: a folder of src, or a file in it. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  event: [],
  config: ['event', 'store'],
  feeds: ['event'],
  fold: ['event'],
  store: ['event', 'fold'],
  ingest: ['event', 'feeds', 'fold', 'store'],
  http: ['config', 'event', 'feeds', 'fold', 'store', 'ingest', 'api'],
  api: ['event', 'fold', 'store', 'http'],
  demo: ['feeds'],
  cli: ['config', 'event', 'feeds', 'fold', 'store', 'ingest', 'http', 'demo'],
  main: ['config', 'cli'],
}

/** Parts that neither know the time nor touch anything outside. */
const PURE = [...SHARED.filter(name => name !== 'version'), 'event', 'feeds', 'fold']
const IMPURE =
  /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bprocess\.|node:(?!crypto|zlib)|\bfetch\(|\bsetTimeout\(/

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))

/** The files of src that each file imports, also for types alone. */
const imports = new Map(
  files.map(file => {
    const text = readFileSync(join(SRC, file), 'utf8')
    const froms = [...text.matchAll(/(?:from|import\() ?'(\.[^']+)'/g)].flatMap(([, from]) => from ?? [])
    return [file, froms.map(from => normalize(join(dirname(file), from)))] as const
  }),
)

function partOf(file: string): string {
  return (file.split('/')[0] ?? '').replace(/\.ts$/, '')
}

test('each part imports only what it may', () => {
  for (const [file, imported] of imports) {
    const part = partOf(file)
    const allowed = SHARED.includes(part) ? SHARED : [...(MAY_IMPORT[part] ?? []), ...SHARED, part]
    assert.ok(
      SHARED.includes(part) || MAY_IMPORT[part] !== undefined,
      `src/${file} belongs to no part: name it in this test`,
    )
    for (const other of imported) {
      assert.ok(allowed.includes(partOf(other)), `src/${file} must not import src/${other}`)
    }
  }
})

test('no file imports itself through others, not even for a type', () => {
  assert.deepEqual(cycleIn(imports), [])
  const twoFiles = new Map([
    ['a.ts', ['b.ts']],
    ['b.ts', ['c.ts', 'a.ts']],
    ['c.ts', []],
  ])
  assert.deepEqual(cycleIn(twoFiles), ['a.ts', 'b.ts', 'a.ts'])
})

test('no feed imports another feed', () => {
  const kinds = feeds.map(feed => feed.kind)
  for (const kind of kinds) {
    const own = [...imports].filter(([file]) => file.startsWith(`feeds/${kind}/`))
    assert.ok(own.length > 0, `there is no src/feeds/${kind}/`)
    for (const [file, imported] of own) {
      for (const other of kinds.filter(name => name !== kind)) {
        assert.ok(
          !imported.some(name => name.startsWith(`feeds/${other}/`)),
          `src/${file} must not import ${other}`,
        )
      }
    }
  }
})

test('no file outside of src/feeds names a kind of feed', () => {
  const literals = feeds.map(({ kind }) => new RegExp(`(?:case|===|!==) '${kind}'`))
  for (const file of files.filter(name => !name.startsWith('feeds/') && !name.startsWith('demo/'))) {
    const text = readFileSync(join(SRC, file), 'utf8')
    for (const literal of literals) assert.doesNotMatch(text, literal, `src/${file}`)
  }
})

test('feeds and folds know no clock and touch nothing', () => {
  for (const file of files.filter(name => PURE.includes(partOf(name)))) {
    assert.doesNotMatch(readFileSync(join(SRC, file), 'utf8'), IMPURE, `src/${file}`)
  }
})

test('only config reads settings from the environment, and only main ends the process', () => {
  for (const file of files) {
    const text = readFileSync(join(SRC, file), 'utf8')
    if (file !== 'main.ts') assert.doesNotMatch(text, /process\.(env|exit)/, `src/${file}`)
  }
})

/** The files of one cycle, the first again at its end; empty where there is none. */
function cycleIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const isClean = new Set<string>()
  const walk = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (isClean.has(file)) return []
    for (const next of graph.get(file) ?? []) {
      const cycle = walk(next, [...path, file])
      if (cycle.length > 0) return cycle
    }
    isClean.add(file)
    return []
  }
  for (const file of graph.keys()) {
    const cycle = walk(file, [])
    if (cycle.length > 0) return cycle
  }
  return []
}
