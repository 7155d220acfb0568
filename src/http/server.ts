import type { IncomingMessage } from 'node:http'
import rateLimit from '@fastify/rate-limit'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import type { Logger } from 'pino'
import { operations } from '../api/index.ts'
import type { Config } from '../config.ts'
import { feeds } from '../feeds/index.ts'
import { deliveryLog } from '../ingest/delivery-log.ts'
import type { FeedRow } from '../store/feeds/feeds.ts'
import type { Store } from '../store/store.ts'
import { authenticate } from './auth.ts'
import { corsHeaders } from './cors.ts'
import {
  brokenRequestError,
  cutAfter,
  endSocket,
  JSON_TYPE,
  newRequestId,
  replyOnSocket,
  replyWithError,
} from './error-reply.ts'
import { ApiError } from './errors.ts'
import { addEtags } from './etag.ts'
import { pathToLog, registerFeeds, routeOf, servesSocket } from './feed-routes.ts'
import { registerHealth } from './health.ts'
import type { Operation } from './operation.ts'
import { baseUrlOf, trustOf } from './origin.ts'
import type { RawQuery } from './query.ts'
import { registerReference } from './reference.ts'
import { routeTable } from './route-table.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by authentication on everything under /v1. */
    accountSid: string
  }
}

export interface ServerOptions {
  readonly config: Config
  readonly store: Store
  /** Unix milliseconds. */
  readonly clock: () => number
  readonly log: Logger
  /** Feeds that the settings name; they come before those of the store. */
  readonly configuredFeeds: readonly FeedRow[]
  /** Is told when each feed was last heard, by its id; unix milliseconds. */
  readonly heard?: Map<string, number>
}

const API_PREFIX = '/v1'
const REQUEST_TIMEOUT_MS = 60_000
const HANDSHAKE_TIMEOUT_MS = 5_000
const MAX_PATH_CHARS = 16_384

/** The whole server, wired but not listening. Closing it leaves the store open. */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { config, store, clock, log, configuredFeeds, heard = new Map() } = options
  const trust = trustOf(config.trustProxy)
  const originOf = (request: FastifyRequest) => baseUrlOf(request, config.publicUrl, trust)
  const loggerInstance: FastifyBaseLogger = log.child(
    {},
    { serializers: { req: loggedRequest, res: loggedReply } },
  )
  const handshakeCuts = new WeakMap<IncomingMessage, NodeJS.Timeout>()
  const app = Fastify({
    loggerInstance,
    logController: new LogController({ requestIdLogLabel: 'request_id' }),
    genReqId: newRequestId,
    bodyLimit: config.bodyLimitBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    trustProxy: trust,
    // Without a Host header it is answered like any other that cannot be read.
    http: {
      requireHostHeader: false,
      shouldUpgradeCallback(request) {
        const { method, url = '/', socket } = request
        if (method !== 'GET' || !servesSocket(feeds, routedUrl(url, config.publicUrl))) return false
        handshakeCuts.set(request, cutAfter(socket, HANDSHAKE_TIMEOUT_MS))
        return true
      },
    },
    // A long SID is one that is not found, not a request that cannot be read.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PATH_CHARS },
    rewriteUrl: request => routedUrl(request.url ?? '/', config.publicUrl),
    clientErrorHandler: (error, socket) =>
      replyOnSocket(socket, corsHeaders(config.corsOrigins, undefined), brokenRequestError(error)),
    frameworkErrors(error, request, reply) {
      // Fastify meets these before any hook has run, and then nothing closes the connection of a refused WebSocket.
      reply.headers(commonHeaders(request, config))
      if (handshakeCuts.has(request.raw)) reply.raw.once('finish', () => endSocket(request.raw.socket))
      replyWithError(error, request, reply)
    },
  })
  app.server.on('checkExpectation', (request, response) => app.routing(request, response))
  app.server.on('connect', (request, socket) =>
    replyOnSocket(socket, corsHeaders(config.corsOrigins, request.headers.origin), 'methodNotAllowed'),
  )
  // One parser for all: feeds need the bytes as they came, and nothing else needs a body.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  const routes = routeTable(app)
  app.decorateRequest('accountSid', '')
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(commonHeaders(request, config))
    if (request.method !== 'OPTIONS') return
    await reply.code(204).header('allow', routes.methodsOf(request.url).join(', ')).send()
  })
  app.setErrorHandler(replyWithError)
  app.setNotFoundHandler(notFound)

  await app.register(scope => registerHealth(scope, store, clock))
  await app.register(scope => registerReference(scope, originOf))
  await app.register(async scope => {
    const deliveries = deliveryLog(store, error =>
      log.error(error, 'the log of deliveries cannot be written'),
    )
    scope.addHook('onClose', () => deliveries.close())
    const onFault = (error: unknown) => log.error(error, 'a delivery failed')
    const context = { store, settings: config, configuredFeeds, clock, heard, onFault }
    await registerFeeds(scope, { feeds, context, log: deliveries, baseUrlOf: originOf })
    endHandshakes(scope)
  })
  await app.register(registerApi, { prefix: API_PREFIX })
  return app

  /** A WebSocket may stay open; who sent a broken handshake is answered as for any other request. */
  function endHandshakes({ websocketServer }: FastifyInstance): void {
    websocketServer.on('connection', (_webSocket, request) => clearTimeout(handshakeCuts.get(request)))
    websocketServer.on('wsClientError', (error, socket, { headers }) => {
      const versions = { 'sec-websocket-version': '13, 8' }
      const replyHeaders = { ...corsHeaders(config.corsOrigins, headers.origin), ...versions }
      replyOnSocket(socket, replyHeaders, 'badRequest', `${error.message}.`)
    })
  }

  async function registerApi(scope: FastifyInstance): Promise<void> {
    scope.addHook('onRequest', async request => {
      request.accountSid = await authenticate(store, request.headers.authorization)
    })
    if (config.rateLimitPerMin > 0) {
      await scope.register(rateLimit, {
        max: config.rateLimitPerMin,
        timeWindow: 60_000,
        hook: 'preHandler',
        keyGenerator: request => request.accountSid,
        errorResponseBuilder: () => new ApiError('tooManyRequests'),
      })
    }
    addEtags(scope)
    scope.setNotFoundHandler(notFound)
    for (const operation of operations) {
      scope.get(routeOf(operation.path.slice(API_PREFIX.length)), async (request, reply) =>
        reply.type(JSON_TYPE).send(await answer(operation, request)),
      )
    }
  }

  function answer(operation: Operation, request: FastifyRequest): Promise<string> {
    return operation.run(
      { store, clock },
      {
        accountSid: request.accountSid,
        baseUrl: originOf(request),
        params: request.params as Record<string, string>, // what the router makes of the path
        query: request.query as RawQuery, // what the query parser makes of the rest
      },
    )
  }

  async function notFound(request: FastifyRequest): Promise<never> {
    const methods = routes.methodsOf(request.url)
    if (methods.length === 0 || methods.includes(request.method)) throw new ApiError('notFound')
    throw new ApiError('methodNotAllowed', undefined, { allow: methods.join(', ') })
  }
}

function commonHeaders(request: FastifyRequest, config: Config): Record<string, string> {
  const { origin, upgrade } = request.headers
  return {
    'twilio-request-id': request.id,
    ...corsHeaders(config.corsOrigins, origin),
    // Who asked for a WebSocket has no use for a connection without one.
    ...(upgrade?.toLowerCase() === 'websocket' ? { connection: 'close' } : {}),
  }
}

/** A query may hold names of people, and secrets that someone put there by mistake: it is never logged. */
function loggedRequest(request: FastifyRequest) {
  return { method: request.method, path: pathToLog(request.url?.split('?', 1)[0] ?? ''), remote: request.ip }
}

function loggedReply(reply: FastifyReply) {
  return { status: reply.statusCode }
}

/**
 * A request may name its target with scheme and host, and a proxy may pass on the prefix of the public address or
 * take it off: all arrive at the same route.
 */
function routedUrl(target: string, publicUrl: string | undefined): string {
  const url = target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?]*\/?/i, '/')
  const prefix = publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '')
  const rest = url.slice(prefix.length)
  if (prefix === '' || !url.startsWith(prefix) || !/^(?:[/?]|$)/.test(rest)) return url
  return rest.startsWith('/') ? rest : `/${rest}`
}
