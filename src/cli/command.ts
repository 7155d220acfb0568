import type { Config, SettingName } from '../config.ts'

/** What a command works with. */
export interface CommandContext {
  /** The options that were given, by their flags without dashes; a switch has the value `true`. */
  readonly options: Readonly<Record<string, string | undefined>>
  readonly args: readonly string[]
  readonly config: Config
  /** Writes a line to standard output. */
  readonly print: (line: string) => void
  /**
   * Reads a line from standard input. On a terminal `prompt` is shown, and what is typed is not. Rejects with
   * StoppedError once the process is asked to stop.
   */
  readonly readLine: (prompt: string) => Promise<string>
  /** Unix milliseconds. */
  readonly clock: () => number
  /** Aborted once the process is asked to stop; the reason is the name of the signal. See `heedsStop`. */
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
  /**
   * True if the command watches `stop`, and ends in time with what it has done. A signal ends every other command at
   * once: it loses no more than the transaction that is running.
   */
  readonly heedsStop?: true
  /** Paragraphs at the end of the help. */
  readonly notes?: readonly string[]
  /** Throws CommandError where the user can correct what is wrong. */
  run(context: CommandContext): Promise<void>
}

/** Something that the user can correct; the message says how. */
export class CommandError extends Error {
  override name = 'CommandError'
}

/** The command ended before its end, because the process was asked to stop; the message says what is done. */
export class StoppedError extends CommandError {
  override name = 'StoppedError'
  /** The name of the signal that asked it. */
  readonly signal: unknown

  constructor(message: string, signal: unknown) {
    super(message)
    this.signal = signal
  }
}
