import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ACCOUNT_SID, ROLLCALL_PORT, runRollcall, startRollcall } from '../rollcall-server.ts'
import type { ServerProcess } from '../server-process.ts'
import type { Backends } from './janus-config.ts'

const HTTP_USER = 'janus'
const HTTP_PASSWORD = 'onlyForTheLiveTest0123456789abcdef'

/** A server under test, which receives the events of Janus by one of its event handlers. */
export interface RollcallHere {
  way: 'WebSocket' | 'HTTP'
  url: string
  stop(): Promise<void>
  /** Starts it again over the same database. */
  start(): Promise<void>
}

/** Starts one Rollcall for each event handler of Janus, so that one story tests both. */
export async function startRollcalls(
  logs: string,
): Promise<{ byWebSocket: RollcallHere; byHttp: RollcallHere; backends: Backends }> {
  const webSocketFolder = folderFor('websocket')
  runRollcall(webSocketFolder, 'account', 'add', '--sid', ACCOUNT_SID)
  const token = tokenIn(runRollcall(webSocketFolder, 'feed', 'add', 'janus'))
  const byWebSocket = await startOne('WebSocket', ROLLCALL_PORT, logs, webSocketFolder, {})
  const byHttp = await startOne('HTTP', ROLLCALL_PORT + 1, logs, folderFor('http'), {
    JANUS_EVENTS_USER: HTTP_USER,
    JANUS_EVENTS_PASSWORD: HTTP_PASSWORD,
  })
  return {
    byWebSocket,
    byHttp,
    backends: {
      webSocketUrl: `${byWebSocket.url.replace('http', 'ws')}/feeds/janus/${token}`,
      http: { url: `${byHttp.url}/feeds/janus`, user: HTTP_USER, password: HTTP_PASSWORD },
    },
  }
}

function folderFor(name: string): string {
  const folder = join(tmpdir(), `rollcall-${name}`)
  mkdirSync(folder)
  return folder
}

function tokenIn(printed: string): string {
  const token = /^Token\s+(\S+)/m.exec(printed)?.[1]
  if (token === undefined) throw new Error(`rollcall feed add janus printed no token:\n${printed}`)
  return token
}

async function startOne(
  way: RollcallHere['way'],
  port: number,
  logs: string,
  folder: string,
  feedEnv: Record<string, string>,
): Promise<RollcallHere> {
  let starts = 0
  const start = (): Promise<ServerProcess> => {
    starts += 1
    const logName = `rollcall-${way.toLowerCase()}-${starts}`
    return startRollcall(folder, logs, { port, logName, feedEnv })
  }
  let running = await start()
  return {
    way,
    url: `http://127.0.0.1:${port}`,
    stop: () => running.stop(),
    async start() {
      running = await start()
    },
  }
}
