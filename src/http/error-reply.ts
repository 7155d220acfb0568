import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { StoreUnavailableError } from '../store/engine/database.ts'
import { ApiError, ERRORS, type ErrorName, errorBody } from './errors.ts'

export const JSON_TYPE = 'application/json; charset=utf-8'

/**
 * Answers any error with the error object. The details of an internal error go to the log only; what an outage log
 * tells is not logged here.
 */
export function replyWithError(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply) {
  const name = errorNameOf(error)
  if (name === 'internal') request.log.error({ err: error }, 'request failed')
  const path = request.url.split('?', 1)[0]
  const body = errorBody(
    name,
    name === 'notFound' ? `The requested resource ${path} was not found` : messageOf(error),
  )
  if (error instanceof ApiError) reply.headers(error.headers)
  if (error instanceof StoreUnavailableError) reply.header('retry-after', '1')
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
