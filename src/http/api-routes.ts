import type { FastifyInstance, FastifyRequest } from 'fastify'
import { authenticate } from './auth.ts'
import { addCompression } from './compression.ts'
import { ApiError } from './errors.ts'
import { addEtags } from './etag.ts'
import { describeOperation } from './openapi.ts'
import type { ApiContext, Operation } from './operation.ts'
import { readQuery } from './query.ts'
import { bodyOf } from './raw-body.ts'
import { routeOf } from './route-of.ts'
import type { WrongApiCredentials } from './wrong-credentials.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The account that the request is authenticated for; empty for a request outside of the API. */
    accountSid: string
  }
}

/** What the routes of the API need. */
export interface ApiRoutes {
  readonly operations: readonly Operation[]
  readonly context: ApiContext
  readonly baseUrlOf: (request: FastifyRequest) => string
  /** Requests that an account may send in a minute; 0 for any number. */
  readonly rateLimitPerMin: number
  readonly wrongCredentials: WrongApiCredentials
  readonly notFound: (request: FastifyRequest) => Promise<never>
}

/** The prefix of the paths of all operations, which is Twilio's. */
export const API_PREFIX = '/v1'
/** The rate limit counts the requests of so many accounts, and forgets the one that was counted least recently. */
const MAX_COUNTED_ACCOUNTS = 5_000

/**
 * Registers the API in a scope whose prefix is API_PREFIX. Every request below the prefix needs credentials, also one
 * for a path that no operation has.
 */
export async function registerApi(scope: FastifyInstance, options: ApiRoutes): Promise<void> {
  const { operations, context, rateLimitPerMin, wrongCredentials, notFound } = options
  scope.addHook('onRequest', async request => {
    const { authorization } = request.headers
    if (authorization !== undefined) await wrongCredentials.check(request)
    try {
      request.accountSid = await authenticate(context.store, authorization)
    } catch (error) {
      const isWrong = error instanceof ApiError && error.error === 'unauthorized'
      throw isWrong ? await wrongCredentials.count(request, error) : error
    }
    wrongCredentials.right(request)
  })
  if (rateLimitPerMin > 0) {
    const limit = scope.rateLimit({
      max: rateLimitPerMin,
      timeWindow: 60_000,
      cache: MAX_COUNTED_ACCOUNTS,
      keyGenerator: request => request.accountSid,
      errorResponseBuilder: () => new ApiError('tooManyRequests'),
    })
    // As a hook of the scope it also counts requests for paths that no operation has.
    scope.addHook('onRequest', limit)
  }
  addEtags(scope)
  await addCompression(scope)
  scope.setNotFoundHandler(notFound)
  for (const operation of operations) registerOperation(scope, operation, options)
}

function registerOperation(
  scope: FastifyInstance,
  operation: Operation,
  { context, baseUrlOf }: ApiRoutes,
): void {
  const { method, path, mediaType = 'application/json' } = operation
  scope.route({
    method,
    url: routeOf(path.slice(API_PREFIX.length)),
    ...describeOperation(scope, operation),
    async handler(request, reply) {
      const answer = await operation.run(context, {
        accountSid: request.accountSid,
        baseUrl: baseUrlOf(request),
        params: request.params as Record<string, string>, // as the router gives them
        query: readQuery(request.url, operation.parameters),
        body: bodyOf(request),
      })
      if (answer === undefined) return reply.code(204).send()
      return reply.type(`${mediaType}; charset=utf-8`).send(answer)
    },
  })
}
