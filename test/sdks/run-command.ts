import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export interface Command {
  command: string
  args: readonly string[]
  cwd?: string
  env?: Readonly<Record<string, string>>
}

export interface Outcome {
  /** null if it could not be started, or a signal ended it. */
  exitCode: number | null
  /** The end of what it printed. */
  output: string
}

/** Runs a program to its end, and calls `onLine` with each line of its standard output. */
export async function runCommand(
  { command, args, cwd, env }: Command,
  options: { signal: AbortSignal; onLine?: (line: string) => void },
): Promise<Outcome> {
  const child = spawn(command, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...cleanEnvironment(), ...env },
    signal: options.signal,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const keep = (line: string) => {
    output = `${output}${line}\n`.slice(-4000)
  }
  const standardOutput = createInterface({ input: child.stdout })
  standardOutput.on('line', line => {
    keep(line)
    options.onLine?.(line)
  })
  createInterface({ input: child.stderr }).on('line', keep)
  try {
    // Waits for both, because the last lines can arrive after the end of the program.
    const [[exitCode]] = await Promise.all([once(child, 'close'), once(standardOutput, 'close')])
    return { exitCode: typeof exitCode === 'number' ? exitCode : null, output }
  } catch (error) {
    return { exitCode: null, output: `${output}${error}` }
  }
}

/** The environment without edge, region and proxy, with which the SDKs would send requests to other hosts. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('TWILIO_'))
  return { ...Object.fromEntries(kept), NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' }
}
