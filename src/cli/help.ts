import { SETTINGS, type Setting } from '../config.ts'
import type { Command } from './command.ts'

/** The help of the program: every command, a line each. */
export function programHelp(commands: readonly Command[], version: string): string {
  const rows = commands.map(command => [usage(command), command.summary] as const)
  return [
    `rollcall ${version}: who was in the room, when, for how long, and why they left`,
    '',
    'Usage: rollcall <command> [options]',
    '',
    ...columns(rows),
    '',
    'rollcall <command> --help tells the options of a command; rollcall --version the version.',
  ].join('\n')
}

/** The help of one command: its options and settings with their variables and defaults. */
export function commandHelp(command: Command): string {
  const options = Object.entries(command.options).map(
    ([flag, [value, help]]) => [`--${flag} ${value}`.trim(), help] as const,
  )
  const settings = command.settings.map(name => settingRow(SETTINGS[name]))
  return [
    `Usage: rollcall ${usage(command)} [options]`,
    '',
    command.summary,
    ...section('Options', options),
    ...section('Settings: a flag, or the variable in brackets', settings),
    ...(command.notes === undefined ? [] : ['', ...command.notes]),
  ].join('\n')
}

function usage({ name, args }: Command): string {
  return args === '' ? name : `${name} ${args}`
}

function settingRow(setting: Setting<unknown>): readonly [string, string] {
  const flag =
    setting.secret === true ? `(${setting.env})` : `--${setting.flag} ${setting.value} (${setting.env})`
  const standard = setting.default === undefined ? '' : ` Default: ${setting.default}`
  return [flag, setting.help + standard]
}

function section(title: string, rows: readonly (readonly [string, string])[]): string[] {
  return rows.length === 0 ? [] : ['', `${title}:`, ...columns(rows)]
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
