import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { until } from '../support/until.ts'

export interface ServerProcess {
  /** All that it has written so far to stdout and stderr. */
  log(): string
  stop(): Promise<void>
  /** Sends SIGKILL, like a crash. Resolves to that moment, once the process has ended. */
  kill(): Promise<number>
}

/** Starts a program whose output goes to `logFile`, and waits until it answers `readyUrl` with 200. */
export async function startServerProcess(args: {
  name: string
  command: string
  args: string[]
  env?: Record<string, string>
  logFile: string
  readyUrl: string
}): Promise<ServerProcess> {
  const logFd = openSync(args.logFile, 'w')
  const child = spawn(args.command, args.args, {
    env: { ...process.env, ...args.env },
    stdio: ['ignore', logFd, logFd],
  })
  closeSync(logFd)
  const exit = exitOf(child)
  let exited: string | undefined
  exit.then(how => {
    exited = how
  })
  const log = () => readFileSync(args.logFile, 'utf8')
  await until(`${args.name} to answer at ${args.readyUrl}`, 20_000, async () => {
    if (exited) throw new Error(`${args.name} ended at its start (${exited}):\n${log()}`)
    const response = await fetch(args.readyUrl).catch(() => undefined)
    return response?.status === 200 ? true : undefined
  })
  return {
    log,
    async stop() {
      if (!exited) child.kill('SIGTERM')
      const killer = setTimeout(() => child.kill('SIGKILL'), 5_000)
      await exit
      clearTimeout(killer)
    },
    async kill() {
      const killedAtMs = Date.now()
      child.kill('SIGKILL')
      await exit
      return killedAtMs
    },
  }
}

function exitOf(child: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    child.once('error', error => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
}
