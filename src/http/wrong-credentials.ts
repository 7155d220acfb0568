import type { FastifyInstance, FastifyRequest } from 'fastify'
import { hashSecret, userOf } from './auth.ts'
import { ApiError } from './errors.ts'
import type { Limits } from './limits.ts'

const WINDOW_MS = 60_000
const SID_CHARS = 34
/** As many as a rate limit remembers addresses: of more, it forgets the one that was counted least recently. */
const MAX_KNOWN = 5_000

/** Counts wrong credentials by the address of the client, which `--trust-proxy` decides, for each minute. */
export interface WrongCredentials {
  /** The error to answer with: the given one, or `tooManyRequests` beyond the limit. */
  count(request: FastifyRequest, error: ApiError): Promise<ApiError>
}

/** Those of the API are also counted by the account or key that they name. */
export interface WrongApiCredentials extends WrongCredentials {
  /**
   * Throws ApiError `tooManyRequests` if the limit of the address is reached, so that nobody can go on guessing.
   * Credentials that were right before are let through: a stranger behind the same address does not lock out the owner.
   */
  check(request: FastifyRequest): Promise<void>
  /** Notes that the credentials of the request are right. */
  right(request: FastifyRequest): void
}

/** For deliveries: the right ones are always taken, because their senders may not repeat what is refused. */
export function wrongFeedCredentials(app: FastifyInstance, limits: Limits): WrongCredentials {
  const byAddress = app.createRateLimit({ max: limits.wrongByAddress, timeWindow: WINDOW_MS })
  return {
    async count(request, error) {
      const counted = await byAddress(request)
      return counted.isAllowed || !counted.isExceeded ? error : tooMany(counted.ttlInSeconds, error.message)
    },
  }
}

export function wrongApiCredentials(app: FastifyInstance, limits: Limits): WrongApiCredentials {
  const byAddress = app.createRateLimit({ max: limits.wrongByAddress, timeWindow: WINDOW_MS })
  const byUser = app.createRateLimit({
    max: limits.wrongByUser,
    timeWindow: WINDOW_MS,
    // What is given as a name may be as long as headers are.
    keyGenerator: ({ headers }) => (userOf(headers.authorization) ?? '').slice(0, SID_CHARS),
  })
  /** Hashes of right credentials, the most recently used last. */
  const known = new Set<string>()

  return {
    async check(request) {
      const counted = await byAddress(request, { increment: false })
      if (counted.isAllowed || counted.remaining > 0 || known.has(hashOf(request))) return
      throw tooMany(counted.ttlInSeconds)
    },
    async count(request, error) {
      await byAddress(request)
      const counted = await byUser(request)
      return counted.isAllowed || !counted.isExceeded ? error : tooMany(counted.ttlInSeconds)
    },
    right(request) {
      const hash = hashOf(request)
      known.delete(hash)
      known.add(hash)
      for (const oldest of known) {
        if (known.size <= MAX_KNOWN) return
        known.delete(oldest)
      }
    },
  }
}

function hashOf({ headers }: FastifyRequest): string {
  return hashSecret(headers.authorization ?? '')
}

function tooMany(retryAfterSec: number, message?: string): ApiError {
  return new ApiError('tooManyRequests', message, { 'retry-after': String(retryAfterSec) })
}
