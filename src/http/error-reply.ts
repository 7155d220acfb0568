import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { StoreUnavailableError } from '../store/engine/database.ts'
import { ApiError, ERRORS, type ErrorName, errorBody } from './errors.ts'

export const JSON_TYPE = 'application/json; charset=utf-8'

/** How long a client may take to close a connection that the server has ended. */
const END_WITHIN_MS = 1_000

/** Answers any error as the error object. A fault of ours is told in the log alone. */
export function replyWithError(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply) {
  const name = errorNameOf(error)
  if (name === 'internal') request.log.error({ err: error }, 'request failed')
  const path = request.url.split('?', 1)[0]
  const body = errorBody(
    name,
    name === 'notFound' ? `The requested resource ${path} was not found` : messageOf(error),
  )
  if (error instanceof ApiError) reply.headers(error.headers)
  if (error instanceof StoreUnavailableError) {
    request.log.warn({ err: error }, 'the database cannot be used')
    reply.header('retry-after', '1')
  }
  return reply.code(body.status).type(JSON_TYPE).send(body)
}

/** What is wrong with bytes that are no HTTP request; undefined where there is nobody left to tell. */
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

/** Answers on the connection itself, where there is no request or no route, and ends it. */
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

/** Sends what was written, then closes the connection: also while the client leaves its own side open. */
export function endSocket(socket: Duplex): void {
  cutAfter(socket, END_WITHIN_MS)
  socket.end()
  // Closing a socket with unread bytes resets it, and the client may lose the answer.
  socket.resume()
}

/** For a socket that Node gives away: from then on nothing else handles its errors or limits its time. */
export function cutAfter(socket: Duplex, ms: number): NodeJS.Timeout {
  socket.on('error', () => socket.destroy())
  const cut = setTimeout(() => socket.destroy(), ms)
  socket.once('close', () => clearTimeout(cut))
  return cut
}

/** `RQ` and 32 hex digits, as Twilio's. */
export function newRequestId(): string {
  return `RQ${randomBytes(16).toString('hex')}`
}

function errorNameOf(error: FastifyError | Error): ErrorName {
  if (error instanceof ApiError) return error.error
  if (error instanceof StoreUnavailableError) return 'unavailable'
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500
  if (status === ERRORS.bodyTooLarge.status) return 'bodyTooLarge'
  return status >= 400 && status < 500 ? 'badRequest' : 'internal'
}

function messageOf(error: Error): string | undefined {
  return error instanceof ApiError || errorNameOf(error) === 'badRequest' ? error.message : undefined
}
