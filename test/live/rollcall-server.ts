import { join } from 'node:path'
import { LIVEKIT_KEY, LIVEKIT_SECRET } from './livekit-server.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

export const ROLLCALL_PORT = 18080
export const ROLLCALL_URL = `http://127.0.0.1:${ROLLCALL_PORT}`
export const ACCOUNT_SID = 'AC0123456789abcdef0123456789abcdef'
export const AUTH_TOKEN = 'onlyForTheLiveTest0123456789abcdef'

/** Starts the server under test as an operator does: by its command, with settings from the environment. */
export function startRollcall(folder: string, logs: string): Promise<ServerProcess> {
  return startServerProcess({
    name: 'Rollcall',
    command: process.execPath,
    args: [join(import.meta.dirname, '../../src/main.ts'), 'serve'],
    env: {
      PORT: String(ROLLCALL_PORT),
      HOST: '127.0.0.1',
      DATABASE_URL: join(folder, 'rollcall-data'),
      ROLLCALL_ACCOUNT_SID: ACCOUNT_SID,
      ROLLCALL_AUTH_TOKEN: AUTH_TOKEN,
      LIVEKIT_API_KEY: LIVEKIT_KEY,
      LIVEKIT_API_SECRET: LIVEKIT_SECRET,
    },
    logFile: join(logs, 'rollcall.log'),
    readyUrl: `${ROLLCALL_URL}/openapi.json`,
  })
}
