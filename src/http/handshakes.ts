import type { IncomingMessage } from 'node:http'
import type { WebSocketServer } from 'ws'
import { cutAfter, replyOnSocket } from './raw-socket.ts'

const HANDSHAKE_TIMEOUT_MS = 5_000
/** The versions of the WebSocket protocol that ws speaks; an answer to another version names them (RFC 6455, 4.4). */
const VERSIONS = { 'sec-websocket-version': '13, 8' }

/** The handshakes of WebSockets: Node hands their sockets over, and does not limit their time. */
export interface Handshakes {
  /** Whether a request is to become a WebSocket: if so, its connection is cut when the handshake takes too long. */
  shouldUpgrade(request: IncomingMessage): boolean
  /** Lets the sockets of finished handshakes stay open, and answers broken handshakes with the error object. */
  watch(server: WebSocketServer): void
}

export function handshakes(options: {
  /** Whether a WebSocket is served at the target of a GET. Elsewhere the request is answered like any other. */
  isServed: (target: string) => boolean
  /** The headers of every answer. */
  headersFor: (request: IncomingMessage) => Readonly<Record<string, string>>
}): Handshakes {
  const { isServed, headersFor } = options
  const cuts = new WeakMap<IncomingMessage, NodeJS.Timeout>()
  return {
    shouldUpgrade(request) {
      const { method, url = '/', socket } = request
      if (method !== 'GET' || !isServed(url)) return false
      cuts.set(request, cutAfter(socket, HANDSHAKE_TIMEOUT_MS))
      return true
    },
    watch(server) {
      server.on('connection', (_webSocket, request) => clearTimeout(cuts.get(request)))
      server.on('wsClientError', (error, socket, request) =>
        replyOnSocket(socket, { ...headersFor(request), ...VERSIONS }, 'badRequest', `${error.message}.`),
      )
    },
  }
}
