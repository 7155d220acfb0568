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

/** What LiveKit's own log says of the end of a stay. */
export interface Closing {
  identity: string
  participantSid: string
  atMs: number
  /** A name of LiveKit's `DisconnectReason`. */
  reason: string
}

export interface LivekitServer extends ServerProcess {
  /** Waits for the log's word on a stay that ends or has ended. */
  closing(isIt: (closing: Closing) => boolean): Promise<Closing>
  /** Waits for the log's word that a room was closed, and says when. */
  roomClosedAtMs(roomSid: string): Promise<number>
}

/** The log's own, finer words, as livekit-server's `ToDisconnectReason` translates them. */
const DISCONNECT_REASONS: Record<string, string> = {
  CLIENT_REQUEST_LEAVE: 'CLIENT_INITIATED',
  DUPLICATE_IDENTITY: 'DUPLICATE_IDENTITY',
  PEER_CONNECTION_DISCONNECTED: 'CONNECTION_TIMEOUT',
  SIGNAL_SOURCE_CLOSE: 'SIGNAL_CLOSE',
}

// LiveKit gives a lost media connection about fifteen seconds, then five more to come back.
const CLOSING_LIMIT_MS = 60_000

/** Starts livekit-server with media on the namespace's own interface and webhooks to one URL. */
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

/** YAML reads JSON, so the file needs no YAML writer. */
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

/** Lines of the log have many more members; `ts` is in seconds, with a fraction. */
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
