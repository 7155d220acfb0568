import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { readConfig } from '../../src/config.ts'
import { feeds } from '../../src/feeds/index.ts'
import { rebuild } from '../../src/ingest/rebuild/rebuild.ts'
import { openStore } from '../../src/store/open-store.ts'
import { temporaryFolder } from '../support/program.ts'
import { runCommand } from '../support/run-command.ts'
import { until } from '../support/until.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const START_WITHIN_MS = 30_000
const END_WITHIN_MS = 5_000
/** So many that a rebuild or a copy of them takes longer than it takes to stop it. */
const ROOMS = 20_000
const SECRET = 'typedSecretThatNoTerminalMayShow'
const hasScript = spawnSync('script', ['--version']).status === 0

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} ends a rebuild in time, with a sentence and nothing left in the temporary folder`, async t => {
    const { cwd, temporary, child, output } = await started(t, ['rebuild'])
    await until('the rebuild to begin', START_WITHIN_MS, () => readdirSync(temporary).length > 0 || undefined)
    assert.equal(await endedBy(child, signal), 128 + constants.signals[signal])
    assert.match(output.stderr, /^rollcall: Stopped after \d+ rooms?: run it again to rebuild all\.$/m)
    assert.deepEqual(readdirSync(temporary), [])
    assert.equal(
      new DatabaseSync(join(cwd, 'data/rollcall.db')).prepare('pragma quick_check').get()?.['quick_check'],
      'ok',
    )
  })
}

test('a rebuild that is stopped while it counts rooms counts no further', async t => {
  const cwd = await temporaryFolder(t)
  await runCommand(cwd, 'account add')
  addRooms(join(cwd, 'data/rollcall.db'))
  const store = await openStore(join(cwd, 'data'))
  t.after(() => store.close())
  const stopping = new AbortController()
  let pages = 0
  const roomKeys: typeof store.records.roomKeys = after => {
    // As a signal does, this comes with the next turn of the event loop.
    if (++pages === 1) setImmediate(() => stopping.abort())
    return store.records.roomKeys(after)
  }
  const { rooms, isWhole } = await rebuild({
    ...{ store: { ...store, records: { ...store.records, roomKeys } }, feeds, settings: readConfig({}, {}) },
    progress() {},
    stop: stopping.signal,
  })
  assert.deepEqual([rooms, isWhole], [0, false])
  assert.ok(pages < 5, `${pages} pages were read`)
})

test('SIGTERM ends a copy that writes and one that only compares, and what is copied stays', async t => {
  for (const isCopied of [false, true]) {
    const { cwd, child, output } = await started(t, ['copy', '--from', 'data', '--to', 'copy'], {
      before: async folder => {
        const options = { from: join(folder, 'data'), to: join(folder, 'copy') }
        if (isCopied) await runCommand(folder, 'copy', { options })
      },
    })
    const log = join(cwd, 'copy/rollcall.db-wal')
    await until('the copy to begin', START_WITHIN_MS, () => existsSync(log) || undefined)
    assert.equal(await endedBy(child, 'SIGTERM'), 143)
    assert.match(output.stderr, /^rollcall: Stopped after \d+ rows?, which stays?: run it again to go on\.$/m)
  }
})

test('a signal ends a command that waits for a secret on a pipe, and nothing is added', async t => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    const { cwd, child } = await started(t, ['feed', 'add', 'livekit', '--key', 'APIx'])
    // More than a pipe holds: it is written completely once the command reads.
    await new Promise(written => child.stdin.write('x'.repeat(300_000), written))
    assert.equal(await endedBy(child, signal), 128 + constants.signals[signal])
    assert.doesNotMatch(await runCommand(cwd, 'feed list'), /APIx/)
  }
})

test('a secret that is typed on a terminal is not shown, and the prompt is', {
  skip: !hasScript,
}, async t => {
  const { cwd, child, output } = await started(t, ['feed', 'add', 'livekit', '--key', 'APIx'], {
    onTerminal: true,
  })
  await until('the prompt', START_WITHIN_MS, () => /APIx.*: $/.test(output.stdout) || undefined)
  child.stdin?.write(`${SECRET}x\b\r`)
  const [exitCode] = await once(child, 'close')
  assert.equal(exitCode, 0, output.stdout)
  assert.match(output.stdout, /^Feed {5}FD/m)
  assert.doesNotMatch(output.stdout, new RegExp(SECRET.slice(0, 4)))
  const database = new DatabaseSync(join(cwd, 'data/rollcall.db'), { readOnly: true })
  assert.equal(database.prepare('select secret from feeds').get()?.['secret'], SECRET)
  database.close()
})

test('Ctrl-C and Ctrl-D end a command that waits for a secret on a terminal', {
  skip: !hasScript,
}, async t => {
  for (const [key, code] of [
    ['\x03', 130],
    ['\x04', 1],
  ] as const) {
    const { cwd, child, output } = await started(t, ['feed', 'add', 'livekit', '--key', 'APIx'], {
      onTerminal: true,
    })
    await until('the prompt', START_WITHIN_MS, () => /APIx.*: $/.test(output.stdout) || undefined)
    child.stdin?.write(key)
    const [exitCode] = await once(child, 'close')
    assert.equal(exitCode, code, output.stdout)
    assert.doesNotMatch(await runCommand(cwd, 'feed list'), /APIx/)
  }
})

/** Starts a command over a database with an account and many rooms. Its standard input stays open. */
async function started(
  t: TestContext,
  args: string[],
  {
    onTerminal = false,
    before = async () => {},
  }: { onTerminal?: boolean; before?: (cwd: string) => Promise<void> } = {},
) {
  const cwd = await temporaryFolder(t)
  const temporary = await temporaryFolder(t)
  await runCommand(cwd, 'account add')
  if (args[0] !== 'feed') addRooms(join(cwd, 'data/rollcall.db'))
  await before(cwd)
  const { PATH = '', HOME = '' } = process.env
  const program = [process.execPath, MAIN, ...args]
  const [file = '', ...rest] = onTerminal
    ? ['script', '-qefc', program.map(word => `'${word}'`).join(' '), '/dev/null']
    : program
  const child = spawn(file, rest, { cwd, env: { PATH, HOME, TMPDIR: temporary } })
  t.after(() => void child.kill('SIGKILL'))
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', chunk => {
    output.stdout += chunk
  })
  child.stderr.on('data', chunk => {
    output.stderr += chunk
  })
  return { cwd, temporary, child, output }
}

/** Sends a signal. Resolves to the exit code that a shell would tell, or fails if the program does not end in time. */
async function endedBy(child: ChildProcess, signal: NodeJS.Signals): Promise<number> {
  const closed = once(child, 'close', { signal: AbortSignal.timeout(END_WITHIN_MS) })
  child.kill(signal)
  await closed
  return child.exitCode ?? 128 + constants.signals[child.signalCode ?? 'SIGKILL']
}

/** Adds rooms without events, which a rebuild reads and writes like others. */
function addRooms(file: string): void {
  const database = new DatabaseSync(file)
  const columns = database
    .prepare('pragma table_info(rooms)')
    .all()
    .map(({ name, type }) => [String(name), String(type)] as const)
  const value = ([name, type]: readonly [string, string]) =>
    name === 'room_sid'
      ? `printf('RM%032x', n)`
      : name === 'account_sid'
        ? `'AC1'`
        : type === 'text'
          ? `'{}'`
          : '0'
  database.exec(`insert into rooms (${columns.map(([name]) => name).join(', ')})
    with recursive ns(n) as (select 1 union all select n + 1 from ns where n < ${ROOMS})
    select ${columns.map(value).join(', ')} from ns`)
  database.close()
}
