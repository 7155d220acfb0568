import { constants } from 'node:os'
import { CommanderError } from 'commander'
import { ConfigError, readConfig, SETTINGS, type SettingName } from '../config.ts'
import { type Command, type CommandContext, CommandError, StoppedError } from './command.ts'
import { type Given, parserOf } from './parser.ts'
import { UsageError } from './usage-error.ts'

const USAGE_EXIT_CODE = 2
const SIGNALLED_EXIT_CODE = 128

/** What the program works with. */
export interface Surroundings extends Pick<CommandContext, 'readLine' | 'clock'> {
  readonly commands: readonly Command[]
  /** The variables that settings are read from. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Writes to standard output. */
  readonly writeOut: (text: string) => void
  /** Writes to standard error. */
  readonly writeError: (text: string) => void
  /** From this call on, SIGINT and SIGTERM abort the returned signal and do not end the process. Called at most once. */
  readonly heedSignals: () => AbortSignal
}

/**
 * Runs the command that the arguments name, and resolves to the exit code: 0, 1 if the command failed, 2 for wrong
 * arguments or settings, or 128 and the number of the signal that stopped the command before its end. Errors are
 * written to standard error.
 */
export async function runProgram(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const { commands, writeOut, writeError } = surroundings
  const run = (command: Command, given: Given) => runCommand(command, given, surroundings)
  const parser = parserOf(commands, { argv, writeOut, run })
  try {
    await parser.parseAsync(argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv, { from: 'user' })
    return 0
  } catch (error) {
    // commander ends with an error after it has printed the help or the version.
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    const isUsage = error instanceof UsageError
    const message = isUsage || error instanceof CommandError ? error.message : String(error)
    writeError(`rollcall: ${message}\n`)
    if (error instanceof StoppedError) return exitCodeOf(error.signal)
    return isUsage ? USAGE_EXIT_CODE : 1
  }
}

async function runCommand(command: Command, given: Given, surroundings: Surroundings): Promise<void> {
  const { readLine, clock, heedSignals, writeOut } = surroundings
  const config = configOf(command, given, surroundings)
  const print = (line: string) => writeOut(`${line}\n`)
  const stop = command.heedsStop === true ? heedSignals() : new AbortController().signal
  await command.run({ ...given, config, print, readLine, clock, stop })
}

/** The exit code of a program that a signal stopped: what a shell says of one that it ended (POSIX, 2.8.2). */
export function exitCodeOf(signal: unknown): number {
  const numbers: Readonly<Record<string, number>> = constants.signals
  const number = numbers[String(signal)]
  return number === undefined ? 1 : SIGNALLED_EXIT_CODE + number
}

/** Reads only the settings that the command uses: no other setting can stop it. Throws UsageError. */
function configOf({ name, settings }: Command, { options }: Given, { env }: Surroundings) {
  const flags: Partial<Record<SettingName, string>> = {}
  const variables: Record<string, string | undefined> = {}
  for (const setting of settings) {
    const { flag, env: variable } = SETTINGS[setting]
    const flagged = options[flag]
    if (flagged !== undefined) flags[setting] = flagged
    variables[variable] = env[variable]
  }
  try {
    return readConfig(flags, variables)
  } catch (error) {
    throw error instanceof ConfigError ? new UsageError(error.message, name) : error
  }
}
