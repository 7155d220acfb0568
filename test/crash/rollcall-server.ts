import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { type Ended, type Scope, startProgram } from '../support/program.ts'
import { told } from '../support/running-server.ts'

export const ACCOUNT_SID = `AC${'c4'.repeat(16)}`
export const AUTH_TOKEN = 'onlyForTheCrashTest0123456789abcdef'
export const LIVEKIT_KEY = { apiKey: 'APIcrash', apiSecret: 'crashSecret012345678901234567890123456' }

/** The path of the database in the folder in which the server runs. */
export const DATABASE_FILE = 'data/rollcall.db'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const REBUILD_WITHIN_MS = 600_000

/** With this setting all servers answer with the same URLs, whatever their port. */
const PUBLIC_URL = 'https://rollcall.example.com'

const SETTINGS = {
  DATABASE_URL: 'data',
  ROLLCALL_ACCOUNT_SID: ACCOUNT_SID,
  ROLLCALL_AUTH_TOKEN: AUTH_TOKEN,
  LIVEKIT_API_KEY: LIVEKIT_KEY.apiKey,
  LIVEKIT_API_SECRET: LIVEKIT_KEY.apiSecret,
  PORT: '0',
  PUBLIC_URL,
  RATE_LIMIT_PER_MIN: '0',
  LOG_LEVEL: 'warn',
}

export interface RollcallServer {
  readonly url: string
  /** What it has logged: nothing, unless something is wrong. */
  log(): string
  /** Ends the process: SIGKILL as in a crash, SIGTERM as an operator does. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<unknown>
}

/** Starts `rollcall serve` as an operator does, over the database in the folder. */
export async function startRollcall(scope: Scope, folder: string): Promise<RollcallServer> {
  const running = await startProgram(scope, { cwd: folder, args: ['serve'], env: SETTINGS }, /^Feeds /m)
  const url = told(running.stdout(), /^Rollcall listens on (\S+)$/m)
  return { url, log: running.stderr, end: running.stop }
}

/** Runs `rollcall rebuild` over the database in the folder while the server runs. It may take up to ten minutes. */
export function runRebuild(folder: string): Promise<Ended> {
  const { PATH = '', HOME = '' } = process.env
  const options = { cwd: folder, env: { PATH, HOME, ...SETTINGS }, timeout: REBUILD_WITHIN_MS }
  return new Promise(resolve => {
    const child = execFile(process.execPath, [MAIN, 'rebuild'], options, (_error, stdout, stderr) =>
      resolve({ exitCode: child.exitCode, stdout, stderr }),
    )
  })
}
