import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/index.ts'
import { SETTINGS, type Setting, type SettingName } from '../../src/config.ts'

const ROOT = join(import.meta.dirname, '../..')
const manifest: { scripts: Record<string, string> } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
)

/** The commands of npm itself that documents use. `start` and `test` are scripts. */
const NPM_COMMANDS = ['ci', 'cit', 'install', 'i', 'pack']
/** The npm scripts that run the program, with the arguments that they give first. */
const SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  start: ['serve'],
  demo: ['demo'],
  rollcall: [],
}
const EVERYWHERE = ['help', 'version']

/** What is wrong with a command that a document names; undefined if nothing is, or if it is another program. */
export function problemOfCommand(words: readonly string[], isWhole: boolean): string | undefined {
  const [program, ...rest] = words
  if (program === 'npx') return problemOfCommand(rest, isWhole)
  if (program === 'npm') return problemOfNpm(rest, isWhole)
  if (program === 'rollcall') return problemOfRollcall(rest, isWhole)
  const [script = ''] = rest
  if (program !== 'node' || script.startsWith('-') || existsSync(join(ROOT, script))) return undefined
  return `there is no file ${script}`
}

/** True if any command of the program takes the flag. */
export function isFlag(flag: string): boolean {
  return [...EVERYWHERE, ...commands.flatMap(flagsOf)].includes(flag)
}

function problemOfNpm(words: readonly string[], isWhole: boolean): string | undefined {
  const [first = '', ...rest] = words
  if (NPM_COMMANDS.includes(first)) return undefined
  const [script = '', ...given] = first === 'run' ? rest : words
  if (manifest.scripts[script] === undefined) return `there is no npm script ${script}`
  const before = SCRIPTS[script]
  const args = given[0] === '--' ? given.slice(1) : given
  if (before === undefined || (script === 'rollcall' && args.length === 0)) return undefined
  return problemOfRollcall([...before, ...args], isWhole)
}

function problemOfRollcall(words: readonly string[], isWhole: boolean): string | undefined {
  const isHelp = words.includes('--help') || words[0] === '--version'
  const command = commands.find(({ name }) => name.split(' ').every((word, index) => words[index] === word))
  if (command === undefined) {
    const isGroup = commands.some(({ name }) => name.startsWith(`${words[0]} `))
    const isNamed = words.length === 0 || words[0] === '<command>' || (isHelp && words[0]?.startsWith('--'))
    return isNamed || (isGroup && isHelp) ? undefined : `there is no command ${words.join(' ')}`
  }
  const rest = words.slice(command.name.split(' ').length)
  const flags = rest.filter(word => word.startsWith('--')).map(word => word.slice(2).replace(/=.*/, ''))
  const unknown = flags.find(flag => ![...EVERYWHERE, ...flagsOf(command)].includes(flag))
  if (unknown !== undefined) return `${command.name} has no --${unknown}`
  const isValue = (index: number) => takesValue(command, /^--([^=]+)$/.exec(rest[index - 1] ?? '')?.[1])
  const args = rest.filter((word, index) => !word.startsWith('--') && !isValue(index))
  const expected = command.args === '' ? 0 : command.args.split(' ').length
  const isRight = args.length === expected || isHelp || (!isWhole && args.length === 0)
  return isRight ? undefined : `${command.name} takes ${command.args || 'no arguments'}`
}

function takesValue({ options }: Command, flag: string | undefined): boolean {
  return flag !== undefined && options[flag]?.[0] !== ''
}

function flagsOf({ options, settings }: Command): string[] {
  const flagged = settings.map((name: SettingName): Setting<unknown> => SETTINGS[name])
  const ofSettings = flagged.filter(({ secret }) => secret !== true).map(({ flag }) => flag)
  return [...Object.keys(options), ...ofSettings]
}
