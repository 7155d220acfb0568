import type { Config, SettingName } from '../config.ts'

/** What a command works with. */
export interface CommandContext {
  /** The options that were given, by their flags without dashes; a switch has the value `true`. */
  readonly options: Readonly<Record<string, string | undefined>>
  readonly args: readonly string[]
  readonly config: Config
  /** Writes a line to standard output. */
  readonly print: (line: string) => void
  /** Reads a line from standard input; `prompt` is shown on a terminal. */
  readonly readLine: (prompt: string) => Promise<string>
  /** Unix milliseconds. */
  readonly clock: () => number
  /** Aborted once the process is asked to stop. */
  readonly stop: AbortSignal
}

/** One command of the program. */
export interface Command {
  /** One word or two: `serve`, `feed add`. */
  readonly name: string
  readonly summary: string
  /** The arguments as the help writes them, like `<SID>`; empty for none. */
  readonly args: string
  /** The options of this command only, by flag: the name of the value, which is empty for a switch, and the help. */
  readonly options: Readonly<Record<string, readonly [value: string, help: string]>>
  /** The settings that the command uses. */
  readonly settings: readonly SettingName[]
  /** Paragraphs at the end of the help. */
  readonly notes?: readonly string[]
  /** Throws CommandError where the user can correct what is wrong. */
  run(context: CommandContext): Promise<void>
}

/** Something that the user can correct; the message says how. */
export class CommandError extends Error {
  override name = 'CommandError'
}
