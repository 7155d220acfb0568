import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { Participant } from '../src/api/participants.ts'
import { Room } from '../src/api/rooms.ts'
import { SETTINGS, type Setting } from '../src/config.ts'
import { END_REASON_ERROR_CODES } from '../src/event.ts'
import { feeds } from '../src/feeds/index.ts'
import { MEDIA_SILENCE_MS } from '../src/feeds/janus/index.ts'
import { ERRORS } from '../src/http/errors.ts'
import { isFlag, problemOfCommand } from './support/documented-command.ts'
import { anchorsOf, type Document, readDocument, rowsUnder } from './support/markdown.ts'
import { shellCommands } from './support/shell.ts'

const ROOT = join(import.meta.dirname, '..')
const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT }).map(path =>
  readDocument(join(ROOT, path)),
)
const variables = Object.values(SETTINGS).map(({ env }) => env)

/** Variables of other programs. */
const FOREIGN = [
  ...['NODE_EXTRA_CA_CERTS', 'REQUESTS_CA_BUNDLE', 'SSL_CERT_FILE'],
  ...['PGHOST', 'PGPASSFILE', 'PGPASSWORD', 'PGPORT', 'PGUSER', 'POSTGRES_PASSWORD'],
  ...['TWILIO_EDGE', 'TWILIO_REGION', 'TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN'],
]
const UPPER_CASE = /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g
const NATIVE_ID = /^(?:RM|PA|TR|EV|EG)_/

test('the table of settings is that of the program', () => {
  const rows = rowsUnder(document('docs/configuration.md'), ['flag', 'variable', 'default', 'meaning'])
  const settings = Object.values<Setting<unknown>>(SETTINGS).map(setting => [
    setting.secret === true ? '' : `\`--${setting.flag} ${setting.value}\``,
    `\`${setting.env}\``,
    setting.default === undefined ? '' : `\`${setting.default}\``,
    setting.help,
  ])
  assert.deepEqual(rows, settings)
})

test('the table of errors is that of the API', () => {
  const rows = rowsUnder(document('docs/errors.md'), ['status', 'code', 'message', 'when', 'what to do'])
  const errors = Object.values(ERRORS).map(({ status, code, message }) => `${status} ${code} ${message}`)
  assert.deepEqual(rows.map(row => row.slice(0, 3).join(' ')).sort(), errors.sort())
  for (const row of rows) assert.ok(row.length === 5 && row.every(cell => cell !== ''), row.join(' | '))
})

test('every field of a room and of a participant is documented once, and no other field', () => {
  const compatibility = document('docs/compatibility.md')
  for (const [section, { properties }] of Object.entries({ Room, Participant })) {
    const tables = compatibility.tables.filter(table => table.section === section)
    const rows = tables.filter(({ columns }) => columns[0] === 'field').flatMap(table => table.rows)
    const fields = rows.map(([field = '']) => field.replaceAll('`', '')).sort()
    assert.deepEqual(fields, Object.keys(properties).sort(), section)
    for (const name of Object.keys(properties.properties.properties)) {
      assert.ok(compatibility.spans.includes(name), `properties.${name} of a ${section}`)
    }
  }
})

test('every feed has a page', () => {
  const pages = documents.map(({ path }) => relative(ROOT, path))
  for (const { kind } of feeds) assert.ok(pages.includes(`docs/feeds/${kind}.md`), `docs/feeds/${kind}.md`)
})

test('the limits of silence are those of the feeds, and the reasons of an end exist', () => {
  const truth = document('docs/truth.md')
  const limits = rowsUnder(truth, ['feed', 'limit of silence'])
  assert.deepEqual(
    limits.map(([kind]) => kind),
    feeds.map(feed => feed.kind),
  )
  for (const { kind, silenceLimitMs, expire } of feeds) {
    const text = limits.find(([name]) => name === kind)?.[1] ?? ''
    if (silenceLimitMs !== undefined)
      assert.match(text, new RegExp(`^${silenceLimitMs / 3_600_000} hours`), kind)
    else if (expire !== undefined)
      assert.match(text, new RegExp(`^${MEDIA_SILENCE_MS / 60_000} minutes`), kind)
    else assert.match(text, /^none/, kind)
  }
  const ends = rowsUnder(truth, ['what happened', 'leave_time', 'end_reason'])
  const reasons = ends.flatMap(([, , reason = '']) =>
    [...reason.matchAll(/`(\w+)`/g)].map(([, word]) => word),
  )
  assert.ok(reasons.length > 6)
  for (const reason of reasons) assert.ok(Object.hasOwn(END_REASON_ERROR_CODES, reason ?? ''), reason)
})

test('links between documents lead to files and headings that exist', () => {
  for (const from of documents) {
    for (const link of from.links.filter(target => !/^[a-z]+:/.test(target))) {
      const [path = '', anchor] = link.split('#')
      const file = path === '' ? from.path : join(dirname(from.path), path)
      assert.ok(existsSync(file), `${nameOf(from)} links to ${link}`)
      if (anchor === undefined) continue
      assert.ok(anchorsOf(readDocument(file)).includes(anchor), `${nameOf(from)} links to ${link}`)
    }
  }
})

test('documented commands exist and take the flags and arguments that are shown', () => {
  for (const from of documents) {
    for (const { words } of shellOf(from).flatMap(shellCommands)) assertCommand(from, words, true)
    for (const span of from.spans.filter(text => /^(?:\w+=\S+ )*(?:npm|npx|rollcall|node) /.test(text))) {
      for (const { words } of shellCommands(span)) assertCommand(from, words, false)
    }
  }
})

test('addresses in shell commands have no unquoted ? or &, which shells take for their own', () => {
  for (const from of documents) {
    for (const text of shellOf(from)) {
      const unquoted = text.replace(/'[^']*'|"[^"]*"|\\[?&]/g, '')
      const [address] = unquoted.match(/\S*\w[?&]\w\S*/) ?? []
      assert.equal(address, undefined, `${nameOf(from)}: quote this`)
    }
  }
})

test('the changelog has a heading for this version, or for what is not released', () => {
  const manifest: { version: string } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const { headings } = document('CHANGELOG.md')
  assert.ok(headings.includes('Unreleased') || headings.includes(manifest.version))
})

test('the words of the architecture name every kind of feed', () => {
  const words = rowsUnder(document('docs/architecture.md'), ['word', 'meaning'])
  const feed = words.find(([word]) => word === 'feed')?.[1] ?? ''
  for (const { kind } of feeds) assert.ok(feed.includes(`\`${kind}\``), kind)
})

test('every flag that is named is a flag of some command', () => {
  for (const from of documents) {
    const alone = from.spans.flatMap(span => /^--([a-z-]+)/.exec(span)?.[1] ?? [])
    const inProse = [...from.prose.matchAll(/(?<![\w-])--([a-z][a-z-]*)/g)].map(([, flag = '']) => flag)
    for (const flag of [...alone, ...inProse]) assert.ok(isFlag(flag), `${nameOf(from)} names --${flag}`)
  }
})

test('every variable that is named is a setting, a word of the code, or known to belong to another program', () => {
  const known = new Set([...variables, ...FOREIGN, ...wordsOfCode()])
  for (const from of documents) {
    const shell = shellOf(from)
    for (const text of [from.prose, ...from.spans, ...shell]) {
      const words = [...text.matchAll(UPPER_CASE)].flat().filter(word => !NATIVE_ID.test(word))
      for (const word of words) assert.ok(known.has(word), `${nameOf(from)} names ${word}`)
    }
    const spans = from.spans.filter(span => /^[A-Z_]+=/.test(span))
    for (const command of [...shell, ...spans].flatMap(shellCommands)) {
      const isOurs = /^(?:npm|npx|rollcall)$/.test(command.words[0] ?? 'rollcall')
      for (const name of isOurs ? command.variables : []) {
        assert.ok(variables.includes(name) || FOREIGN.includes(name), `${nameOf(from)} sets ${name}`)
      }
    }
  }
})

test('paths of the repository exist', () => {
  for (const from of documents) {
    const words = [...from.spans, ...shellOf(from).flatMap(text => text.split(/\s+/))]
    const paths = words.filter(word =>
      /^(?:\.\/)?(?:src|test|docs|bin|bench|console|deploy|\.ci)\/\S*$/.test(word),
    )
    for (const path of paths) {
      const pattern = path.replace(/<\w+>/g, '*').replace(/\/$/, '')
      assert.ok(globSync(pattern, { cwd: ROOT }).length > 0, `${nameOf(from)} names ${path}`)
    }
  }
})

function assertCommand(from: Document, words: readonly string[], isWhole: boolean): void {
  const problem = problemOfCommand(words, isWhole)
  assert.ok(problem === undefined, `${nameOf(from)}: ${words.join(' ')}: ${problem}`)
}

/** The shell scripts of a document, and the commands typed in its console sessions. */
function shellOf({ blocks }: Document): string[] {
  return blocks.flatMap(({ language, text }) => {
    if (['sh', 'bash', 'shell'].includes(language)) return text
    return language === 'console'
      ? [...text.matchAll(/^\$ ((?:.*\\\n)*.*)$/gm)].map(([, line = '']) => line)
      : []
  })
}

function document(path: string): Document {
  return readDocument(join(ROOT, path))
}

function nameOf({ path }: Document): string {
  return relative(ROOT, path)
}

/** The upper-case words of the code, which include words of other systems such as LiveKit's reasons. */
function wordsOfCode(): string[] {
  const files = globSync('src/**/*.ts', { cwd: ROOT })
  return files.flatMap(file => readFileSync(join(ROOT, file), 'utf8').match(UPPER_CASE) ?? [])
}

test('the functions that a join passes are exported by the files that CONTRIBUTING.md names', () => {
  const rows = rowsUnder(readDocument(join(ROOT, 'CONTRIBUTING.md')), ['function', 'file', 'what it does'])
  assert.ok(rows.length > 5)
  for (const [name = '', file = ''] of rows.map(row => row.map(cell => cell.replaceAll('`', '')))) {
    const text = readFileSync(join(ROOT, file), 'utf8')
    assert.match(text, new RegExp(`^export (?:async )?function ${name}\\(`, 'm'), `${file} exports ${name}`)
  }
})
