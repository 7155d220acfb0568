import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Feed } from '../feeds/feed.ts'
import { StoreUnavailableError } from '../store/engine/database.ts'
import { ApiError, ERRORS, type ErrorName, errorBody } from './errors.ts'

export const JSON_TYPE = 'application/json; charset=utf-8'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What makes the sender of a feed repeat a delivery; for other routes a header. */
    whenUnavailable?: Feed['whenUnavailable']
  }
}

const RETRY = { 'retry-after': '1' }

/**
 * Answers any error with the error object. The details of an internal error go to the log only; what an outage log
 * tells is not logged here. A sender that counts any answer as success is not answered after a failure of Rollcall: its
 * connection is closed.
 */
export function replyWithError(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply) {
  const name = errorNameOf(error)
  if (name === 'internal') request.log.error({ err: error }, 'request failed')
  const { whenUnavailable = RETRY } = request.routeOptions.config
  if (whenUnavailable === 'cut' && ERRORS[name].status >= 500) {
    reply.hijack()
    // A response that waits for its turn on the connection has no socket yet.
    if (reply.raw.socket === null) request.raw.socket.destroy()
    reply.raw.destroy()
    return
  }
  const path = request.url.split('?', 1)[0]
  const body = errorBody(
    name,
    name === 'notFound' ? `The requested resource ${path} was not found` : messageOf(error),
  )
  if (name === 'unavailable' && whenUnavailable !== 'cut') reply.headers(whenUnavailable)
  if (error instanceof ApiError) reply.headers(error.headers)
  return reply.code(body.status).type(JSON_TYPE).send(body)
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
