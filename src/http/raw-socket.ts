import type { Duplex } from 'node:stream'
import { JSON_TYPE } from './error-reply.ts'
import { type ErrorName, errorBody } from './errors.ts'
import { newRequestId } from './request-id.ts'

/** How long a client may take to close a connection that the server has ended. */
const END_WITHIN_MS = 1_000

/**
 * Answers with an error on the connection itself, and ends it. It is for connections on which Fastify cannot answer:
 * there is no request, or Node has given the socket away. Without a name the connection is only closed.
 */
export function replyOnSocket(
  socket: Duplex,
  headers: Readonly<Record<string, string>>,
  name: ErrorName | undefined,
  message?: string,
): void {
  if (name === undefined || !socket.writable) {
    socket.destroy()
    return
  }
  const body = errorBody(name, message)
  const text = JSON.stringify(body)
  const head = [
    `HTTP/1.1 ${body.status} Error`,
    `content-type: ${JSON_TYPE}`,
    `content-length: ${Buffer.byteLength(text)}`,
    `twilio-request-id: ${newRequestId()}`,
    ...Object.entries(headers).map(([header, value]) => `${header}: ${value}`),
    'connection: close',
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${text}`)
  endSocket(socket)
}

/** Destroys a socket that Node has given away after a time, and when it fails: nothing else does. */
export function cutAfter(socket: Duplex, ms: number): NodeJS.Timeout {
  socket.on('error', () => socket.destroy())
  const cut = setTimeout(() => socket.destroy(), ms)
  socket.once('close', () => clearTimeout(cut))
  return cut
}

/** The error to answer bytes with that are not an HTTP request; undefined if the client is gone. */
export function brokenRequestError(error: Error & { code?: string }): ErrorName | undefined {
  switch (error.code) {
    case 'ECONNRESET':
      return undefined
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'requestTimeout'
    case 'HPE_HEADER_OVERFLOW':
      return 'headersTooLarge'
    default:
      return 'badRequest'
  }
}

/** Sends what was written, then closes the connection, even if the client leaves its own side open. */
function endSocket(socket: Duplex): void {
  cutAfter(socket, END_WITHIN_MS)
  socket.end()
  // Closing a socket with unread bytes resets it, and the client may lose the answer.
  socket.resume()
}
