import type { Config, SettingName } from '../config.ts'

/** What a command gets: its options and arguments, the settings, and where to write. */
export interface CommandContext {
  readonly options: Readonly<Record<string, string | undefined>>
  readonly args: readonly string[]
  readonly config: Config
  /** Writes a line to standard output. */
  readonly print: (line: string) => void
  /** One line from standard input; `prompt` is shown to a terminal. */
  readonly readLine: (prompt: string) => Promise<string>
  /** Unix milliseconds. */
  readonly clock: () => number
  /** Aborted when the process is asked to stop. */
  readonly stop: AbortSignal
}

/** One command of the program. */
export interface Command {
  /** One word or two: `serve`, `feed add`. */
  readonly name: string
  readonly summary: string
  /** The arguments as they are written, like `<SID>`; empty for none. */
  readonly args: string
  /** Options of this command alone, by flag: the value's name, empty for a switch, and a line of help. */
  readonly options: Readonly<Record<string, readonly [value: string, help: string]>>
  /** The settings that the command heeds. */
  readonly settings: readonly SettingName[]
  /** More lines for the help. */
  readonly notes?: readonly string[]
  /** Throws CommandError for what the user can mend. */
  run(context: CommandContext): Promise<void>
}

/** Something that the user can mend; the message says how. */
export class CommandError extends Error {
  override name = 'CommandError'
}
