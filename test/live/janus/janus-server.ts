import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ServerProcess, startServerProcess } from '../server-process.ts'
import { type Backends, JANUS_HTTP_PORT, JANUS_WS_PORT, writeJanusConfig } from './janus-config.ts'

export const JANUS_URL = `http://127.0.0.1:${JANUS_HTTP_PORT}/janus`
export const JANUS_WS_URL = `ws://127.0.0.1:${JANUS_WS_PORT}`

export interface JanusServer {
  /** Sends SIGKILL. Resolves to that moment. */
  crash(): Promise<number>
  /** Starts it again after a crash, with the same name and configuration. */
  restart(): Promise<void>
  /** The version that Janus states, like `1.1.2`. */
  version(): Promise<string>
  stop(): Promise<void>
}

/** Starts Janus with media on the interface of the namespace, and with both event handlers. */
export async function startJanusServer(args: {
  binary: string
  logs: string
  backends: Backends
}): Promise<JanusServer> {
  const folder = join(tmpdir(), 'janus')
  writeJanusConfig(folder, args.backends)
  const start = (logName: string): Promise<ServerProcess> =>
    startServerProcess({
      name: 'Janus',
      command: args.binary,
      // Both flags are needed: the first names the folder of the other configuration files.
      args: ['--configs-folder', folder, '--config', join(folder, 'janus.jcfg'), '--disable-colors'],
      logFile: join(args.logs, `${logName}.log`),
      readyUrl: `${JANUS_URL}/info`,
    })
  let running = await start('janus')
  return {
    crash: () => running.kill(),
    async restart() {
      running = await start('janus-restarted')
    },
    async version() {
      const info = await fetch(`${JANUS_URL}/info`)
      return JSON.parse(await info.text()).version_string
    },
    stop: () => running.stop(),
  }
}
