import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from './until.ts'

const ROOT = join(import.meta.dirname, '../..')
const START_WITHIN_MS = 30_000
const END_WITHIN_MS = 20_000

/** The outcome of a program. The exit code is null if a signal ended it. */
export interface Ended {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  /** All that it has printed so far. */
  stdout(): string
  /** All that it has logged so far. */
  stderr(): string
  /** Sends a signal that does not end it. */
  signal(signal: NodeJS.Signals): void
  /** Sends the signal and waits for the end; `tookMs` is the time between. */
  stop(signal?: NodeJS.Signals): Promise<Ended & { readonly tookMs: number }>
}

/** A test, or anything else that can run work at its end. */
export interface Scope {
  after(work: () => Promise<void>): void
}

export interface Invocation {
  readonly args: readonly string[]
  /** Environment variables. Of the developer's environment only PATH and HOME are passed on. */
  readonly env?: Readonly<Record<string, string>>
  /** The working directory, outside of the project. */
  readonly cwd: string
  /** Written to its standard input, which then stays open like that of a terminal. */
  readonly input?: string
  readonly umask?: number
  /** What is run: Node with src/main.ts unless given. */
  readonly command?: readonly [file: string, ...args: string[]]
  /** How long the program may take; 20 s unless given. */
  readonly endWithinMs?: number
}

/** Runs the program to its end. */
export async function runProgram(invocation: Invocation): Promise<Ended> {
  const { child, ended } = launch(invocation)
  return await endInTime(child, ended, invocation.endWithinMs)
}

/** Starts the program and waits until its output matches `ready`. It is killed at the end of the test. */
export async function startProgram(t: Scope, invocation: Invocation, ready: RegExp): Promise<Running> {
  const { child, ended, output } = launch(invocation)
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await until('the program to start', START_WITHIN_MS, () => {
    if (child.exitCode !== null) throw new Error(`It ended: ${JSON.stringify(output)}`)
    return ready.test(output.stdout) || undefined
  })
  return {
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    signal: signal => void child.kill(signal),
    async stop(signal = 'SIGTERM') {
      const sinceMs = performance.now()
      child.kill(signal)
      const outcome = await endInTime(child, ended)
      return { ...outcome, tookMs: performance.now() - sinceMs }
    },
  }
}

/** A new folder, which is removed at the end of the test. */
export async function temporaryFolder(t: Scope): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-test-'))
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

/** Kills a program that does not end in time. The test then fails, because there is no exit code. */
async function endInTime(
  child: ChildProcess,
  ended: Promise<Ended>,
  withinMs = END_WITHIN_MS,
): Promise<Ended> {
  const killer = setTimeout(() => child.kill('SIGKILL'), withinMs)
  const outcome = await ended
  clearTimeout(killer)
  return outcome
}

function launch(invocation: Invocation) {
  const child = spawnIn(invocation)
  const output = { stdout: '', stderr: '' }
  child.stdout?.on('data', chunk => {
    output.stdout += chunk
  })
  child.stderr?.on('data', chunk => {
    output.stderr += chunk
  })
  const ended = once(child, 'close').then((): Ended => ({ exitCode: child.exitCode, ...output }))
  return { child, output, ended }
}

function spawnIn({ args, env, cwd, input, umask, command }: Invocation): ChildProcess {
  const [file, ...first] = command ?? [process.execPath, join(ROOT, 'src/main.ts')]
  const before = umask === undefined ? undefined : process.umask(umask)
  const child = spawn(file, [...first, ...args], {
    cwd,
    env: { ...bareEnvironment(), ...env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  if (before !== undefined) process.umask(before)
  // A program may end before it has read its input.
  child.stdin?.on('error', () => {})
  child.stdin?.write(input)
  return child
}

/** The environment of a program. A compile cache halves the time of the next start. */
function bareEnvironment(): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env
  return { PATH, HOME, NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/rollcall-tests') }
}
