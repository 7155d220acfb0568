import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commands } from '../../src/cli/index.ts'
import { runProgram as runInProcess } from '../../src/cli/run-program.ts'
import { SETTINGS, type Setting } from '../../src/config.ts'
import { VERSION } from '../../src/version.ts'
import { runProgram, temporaryFolder } from '../support/program.ts'

const ALL_HELP = await printed()

test('the help names the version and every command with its arguments and its summary', () => {
  assert.ok(unwrapped(ALL_HELP).includes(`rollcall ${VERSION}: `))
  for (const { name, args, summary } of commands) assertRow(ALL_HELP, `${name} ${args}`.trim(), summary)
})

test('the help of each command names its options and its settings with variables and defaults', async () => {
  for (const command of commands) {
    const { name, args, summary, options, settings, notes = [] } = command
    const help = await printed(...name.split(' '), '--help')
    assert.equal(help.split('\n')[0], `Usage: rollcall ${`${name} ${args}`.trim()} [options]`)
    for (const text of [summary, ...notes]) assert.ok(unwrapped(help).includes(text), `${name}: ${text}`)
    for (const [flag, [value, text]] of Object.entries(options)) {
      assertRow(help, value === '' ? `--${flag}` : `--${flag} <${value}>`, text)
    }
    for (const setting of settings) assertSetting(help, SETTINGS[setting])
  }
})

test('the help of a group names only its commands, and help may come before or after', async () => {
  const group = await printed('feed', '--help')
  for (const { name, args, summary } of commands) {
    if (name.startsWith('feed ')) assertRow(group, `${name} ${args}`.trim(), summary)
    else assert.ok(!group.includes(`  ${name} `), name)
  }
  assert.equal(await printed('help', 'feed'), group)
  assert.equal(await printed('help', 'feed', 'add'), await printed('feed', 'add', '-h'))
  for (const asked of [['--help'], ['-h'], ['help']]) assert.equal(await printed(...asked), ALL_HELP)
  assert.equal(await printed('--version'), `${VERSION}\n`)
})

test('the program itself prints its help with code 0, and refuses an unknown command with code 2', async t => {
  const cwd = await temporaryFolder(t)
  assert.deepEqual(await runProgram({ cwd, args: [] }), { exitCode: 0, stdout: ALL_HELP, stderr: '' })
  const { exitCode, stdout, stderr } = await runProgram({ cwd, args: ['bogus', '--help'] })
  assert.deepEqual([exitCode, stdout], [2, ''])
  assert.equal(stderr, `rollcall: unknown command: bogus --help\n\n${ALL_HELP}`)
})

test('arguments that no command takes are refused with a sentence and code 2', async () => {
  const wrong: [string, string][] = [
    ['feed', 'unknown command: feed'],
    ['feed bogus', 'unknown command: feed bogus'],
    ['--bogus', 'unknown command: --bogus'],
    ['account list --bogus', "Unknown option '--bogus'."],
    ['account list --databse x', "Unknown option '--databse'"],
    ['account list --version', "Unknown option '--version'."],
    ['account list extra', 'account list takes no arguments.'],
    ['account remove a b', 'account remove takes <SID>.'],
    ['account remove', 'account remove takes <SID>.'],
    ['serve --port', "Option '--port <NUMBER>' argument missing."],
    ['serve --livekit-api-secret x', "Unknown option '--livekit-api-secret'."],
  ]
  for (const [line, sentence] of wrong) {
    const { exitCode, out, error } = await run(...line.split(' '))
    assert.deepEqual([exitCode, out, error.split('\n')[0]], [2, '', `rollcall: ${sentence}`], line)
    const isNamed = !sentence.startsWith('unknown command')
    const command = line.split(' ').slice(0, line.startsWith('account') ? 2 : 1)
    if (isNamed) assert.match(error, new RegExp(`\\nSee rollcall ${command.join(' ')} --help\\.\\n$`), line)
  }
})

test('a flag without its value is not given the next flag as its value', async () => {
  const { exitCode, error } = await run('migrate', '--database', '--dry-run')
  assert.equal(exitCode, 2)
  assert.match(error, /A value that begins with a dash is written --database=--dry-run\.\n/)
})

function assertSetting(help: string, setting: Setting<unknown>): void {
  const { flag, env, value, secret, help: text, default: standard } = setting
  if (secret === true) {
    assertRow(help, env, text)
    assert.ok(!help.includes(`--${flag} `), `other users of the machine would see --${flag}`)
  } else {
    const facts = standard === undefined ? `env: ${env}` : `env: ${env}, default: ${standard}`
    assertRow(help, `--${flag} <${value}>`, `${text} (${facts})`)
  }
}

/** Fails unless the help has a row with this term and this description, which may be wrapped. */
function assertRow(help: string, term: string, description: string): void {
  const start = help.indexOf(`\n  ${term} `)
  assert.ok(start !== -1, `no row for ${term}`)
  assert.ok(unwrapped(help.slice(start)).startsWith(` ${term} ${description}`), `${term}: ${description}`)
}

function unwrapped(text: string): string {
  return text.replace(/\s+/g, ' ')
}

/** What the program prints, which must end with code 0. */
async function printed(...argv: string[]): Promise<string> {
  const { exitCode, out, error } = await run(...argv)
  assert.deepEqual([exitCode, error], [0, ''], argv.join(' '))
  return out
}

/** Runs the program in this process. No command is reached. */
async function run(...argv: string[]): Promise<{ exitCode: number; out: string; error: string }> {
  const written = { out: '', error: '' }
  const unreachable = commands.map(command => ({ ...command, run: () => assert.fail(command.name) }))
  const exitCode = await runInProcess(argv, {
    commands: unreachable,
    env: {},
    writeOut(text) {
      written.out += text
    },
    writeError(text) {
      written.error += text
    },
    readLine: async () => '',
    clock: Date.now,
    heedSignals: () => new AbortController().signal,
  })
  return { exitCode, ...written }
}
