import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { LIVEKIT_KEY, LIVEKIT_SECRET } from './livekit-server.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

export const ROLLCALL_PORT = 18080
export const ROLLCALL_URL = `http://127.0.0.1:${ROLLCALL_PORT}`
export const ACCOUNT_SID = 'AC0123456789abcdef0123456789abcdef'
export const AUTH_TOKEN = 'onlyForTheLiveTest0123456789abcdef'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const LIVEKIT_FEED = { LIVEKIT_API_KEY: LIVEKIT_KEY, LIVEKIT_API_SECRET: LIVEKIT_SECRET }

interface Variation {
  port?: number
  logName?: string
  /** The variables of the feed. */
  feedEnv?: Record<string, string>
}

/** Starts the server under test by its command, with settings from the environment, as an operator does. */
export function startRollcall(
  folder: string,
  logs: string,
  { port = ROLLCALL_PORT, logName = 'rollcall', feedEnv = LIVEKIT_FEED }: Variation = {},
): Promise<ServerProcess> {
  return startServerProcess({
    name: 'Rollcall',
    command: process.execPath,
    args: [MAIN, 'serve'],
    env: {
      PORT: String(port),
      HOST: '127.0.0.1',
      DATABASE_URL: databaseIn(folder),
      ROLLCALL_ACCOUNT_SID: ACCOUNT_SID,
      ROLLCALL_AUTH_TOKEN: AUTH_TOKEN,
      ...feedEnv,
    },
    logFile: join(logs, `${logName}.log`),
    readyUrl: `http://127.0.0.1:${port}/openapi.json`,
  })
}

/** Runs a command of Rollcall over the database in a folder. Gives what it prints. */
export function runRollcall(folder: string, ...args: string[]): string {
  const env = { ...process.env, DATABASE_URL: databaseIn(folder) }
  return execFileSync(process.execPath, [MAIN, ...args], { env, encoding: 'utf8' })
}

function databaseIn(folder: string): string {
  return join(folder, 'rollcall-data')
}
