import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../support/until.ts'
import { MEDIA_ADDRESS, MEDIA_INTERFACE } from './namespace.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

export const LIVEKIT_PORT = 18880
export const LIVEKIT_URL = `http://127.0.0.1:${LIVEKIT_PORT}`
export const LIVEKIT_KEY = 'livetest'
export const LIVEKIT_SECRET = 'onlyForTheLiveTest0123456789abcdef'
export const DEPARTURE_TIMEOUT_SEC = 2

/** What the log of LiveKit says about the end of a stay. */
export interface Closing {
  identity: string
  participantSid: string
  atMs: number
  /** A name of LiveKit's `DisconnectReason`. */
  reason: string
}

export interface LivekitServer extends ServerProcess {
  /** Waits until the log shows the end of a stay. */
  closing(isIt: (closing: Closing) => boolean): Promise<Closing>
  /** Waits until the log shows that a room was closed. Resolves to that moment. */
  roomClosedAtMs(roomSid: string): Promise<number>
}

/** The `DisconnectReason` for each reason in the log, as livekit-server's `ToDisconnectReason` gives it. */
const DISCONNECT_REASONS: Record<string, string> = {
  CLIENT_REQUEST_LEAVE: 'CLIENT_INITIATED',
  DUPLICATE_IDENTITY: 'DUPLICATE_IDENTITY',
  PEER_CONNECTION_DISCONNECTED: 'CONNECTION_TIMEOUT',
  SIGNAL_SOURCE_CLOSE: 'SIGNAL_CLOSE',
}

// LiveKit notices a lost media connection after about 15 seconds, and waits 5 more for it to come back.
const CLOSING_LIMIT_MS = 60_000

/** Starts livekit-server with media on the interface of the namespace, and with webhooks to one URL. */
export async function startLivekitServer(args: {
  binary: string
  logs: string
  webhookUrl: string
}): Promise<LivekitServer> {
  const configFile = join(tmpdir(), 'livekit.json')
  writeFileSync(configFile, JSON.stringify(config(args.webhookUrl)), { mode: 0o600 })
  const server = await startServerProcess({
    name: 'livekit-server',
    command: args.binary,
    args: ['--config', configFile],
    logFile: join(args.logs, 'livekit.log'),
    readyUrl: LIVEKIT_URL,
  })
  const lines = (message: string) => linesOf(server.log(), message)
  return {
    ...server,
    closing: isIt =>
      until('livekit-server to log the end of a stay', CLOSING_LIMIT_MS, () =>
        lines('participant closing').map(closingOf).find(isIt),
      ),
    roomClosedAtMs: roomSid =>
      until(`livekit-server to log the end of ${roomSid}`, CLOSING_LIMIT_MS, () => {
        const line = lines('closing room').find(found => found.roomID === roomSid)
        return line && line.ts * 1000
      }),
  }
}

/** The configuration as JSON, which is also YAML. */
function config(webhookUrl: string) {
  return {
    port: LIVEKIT_PORT,
    bind_addresses: ['127.0.0.1'],
    rtc: {
      node_ip: MEDIA_ADDRESS,
      use_external_ip: false,
      interfaces: { includes: [MEDIA_INTERFACE] },
      port_range_start: 18100,
      port_range_end: 18400,
      tcp_port: 18881,
    },
    room: { departure_timeout: DEPARTURE_TIMEOUT_SEC },
    keys: { [LIVEKIT_KEY]: LIVEKIT_SECRET },
    webhook: { api_key: LIVEKIT_KEY, urls: [webhookUrl] },
    logging: { level: 'info', json: true },
  }
}

/** The members of a log line that are used here. `ts` is in seconds, with a fraction. */
interface LogLine {
  ts: number
  msg: string
  roomID?: string
  participant: string
  participantID: string
  reason: string
}

function linesOf(log: string, message: string): LogLine[] {
  return log
    .split('\n')
    .filter(line => line.includes(`"msg":"${message}"`) && line.endsWith('}'))
    .map(line => JSON.parse(line))
}

function closingOf({ participant, participantID, ts, reason }: LogLine): Closing {
  return {
    identity: participant,
    participantSid: participantID,
    atMs: ts * 1000,
    reason: DISCONNECT_REASONS[reason] ?? reason,
  }
}
