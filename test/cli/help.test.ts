import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandHelp, programHelp } from '../../src/cli/help.ts'
import { commands } from '../../src/cli/index.ts'
import { SETTINGS, type Setting } from '../../src/config.ts'
import { VERSION } from '../../src/version.ts'
import { runProgram, temporaryFolder } from '../support/program.ts'

test('the help names every command with its arguments and what it does', () => {
  const lines = linesOf(programHelp(commands, VERSION))
  for (const { name, args, summary } of commands) assertRow(lines, `${name} ${args}`.trim(), summary)
})

test('the help of each command names its options and its settings, with variables and defaults', () => {
  for (const command of commands) {
    const { name, args, summary, options, settings, notes } = command
    const lines = linesOf(commandHelp(command))
    assert.equal(lines[0], `Usage: rollcall ${`${name} ${args}`.trim()} [options]`)
    assert.ok(lines.includes(summary), name)
    for (const note of notes ?? []) assert.ok(lines.includes(note), note)
    for (const [flag, [value, help]] of Object.entries(options)) assertRow(lines, `--${flag} ${value}`, help)
    for (const setting of settings) assertSetting(lines, SETTINGS[setting])
  }
})

test('the program shows these helps, and that of a group names its commands alone', async t => {
  const cwd = await temporaryFolder(t)
  const feedCommands = commands.filter(({ name }) => name.startsWith('feed '))
  const [feedAdd] = feedCommands
  assert.ok(feedAdd !== undefined)
  const asked: [string[], string][] = [
    [[], programHelp(commands, VERSION)],
    [['feed', '--help'], programHelp(feedCommands, VERSION)],
    [['help', 'feed', 'add'], commandHelp(feedAdd)],
  ]
  await inPairs(asked, async ([args, help]) => {
    assert.deepEqual(await runProgram({ cwd, args }), { exitCode: 0, stdout: `${help}\n`, stderr: '' })
  })
})

test('what is not there is refused with a sentence and code 2', async t => {
  const cwd = await temporaryFolder(t)
  const wrong: [string, string][] = [
    ['bogus --help', 'rollcall: unknown command: bogus --help'],
    ['account list --bogus', "rollcall: Unknown option '--bogus'."],
    ['account remove a b', 'rollcall: account remove takes <SID>.'],
  ]
  await inPairs(wrong, async ([args, sentence]) => {
    const { exitCode, stdout, stderr } = await runProgram({ cwd, args: args.split(' ') })
    assert.deepEqual([exitCode, stdout, linesOf(stderr)[0]], [2, '', sentence], args)
  })
})

function assertSetting(lines: readonly string[], setting: Setting<unknown>): void {
  const { flag, env, value, help } = setting
  const isSecret = setting.secret === true
  assertRow(
    lines,
    isSecret ? `(${env})` : `--${flag} ${value} (${env})`,
    setting.default === undefined ? help : `${help} Default: ${setting.default}`,
  )
  if (isSecret) assert.ok(!lines.some(line => line.includes(`--${flag} `)), `--${flag} would be seen by all`)
}

function assertRow(lines: readonly string[], left: string, right: string): void {
  const row = lines.find(line => line.startsWith(`${left} `))
  assert.equal(row?.slice(left.length).trim(), right, left)
}

function linesOf(text: string): string[] {
  return text.split('\n').map(line => line.trim())
}

/** Two at a time: as many as the smallest machines have cores. */
async function inPairs<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  const worker = async () => {
    for (const item of rest) await work(item)
  }
  await Promise.all([worker(), worker()])
}
