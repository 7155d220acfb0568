import rateLimit from '@fastify/rate-limit'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest } from 'fastify'
import pino, { type Logger } from 'pino'
import { operations as allOperations } from '../api/index.ts'
import type { Config } from '../config.ts'
import type { Feed } from '../feeds/feed.ts'
import { feeds as allFeeds } from '../feeds/index.ts'
import { type ApplyQueue, applyQueue } from '../ingest/apply-queue.ts'
import { deliveryLog } from '../ingest/delivery-log.ts'
import { StoreUnavailableError } from '../store/engine/database.ts'
import type { FeedRow } from '../store/feeds/feeds.ts'
import type { Store } from '../store/store.ts'
import { API_PREFIX, registerApi } from './api-routes.ts'
import { bytesInFlight } from './bytes-in-flight.ts'
import { corsHeaders } from './cors.ts'
import { replyWithError } from './error-reply.ts'
import { ApiError } from './errors.ts'
import { registerFeeds } from './feed-routes.ts'
import { handshakes } from './handshakes.ts'
import { registerHealth } from './health.ts'
import { answerInTurn } from './in-turn.ts'
import { LIMITS, type Limits } from './limits.ts'
import { registerOpenapi } from './openapi.ts'
import type { Operation } from './operation.ts'
import { baseUrlOf, trustOf } from './origin.ts'
import { type OutageLog, outageLog } from './outage-log.ts'
import { keepRawBodies } from './raw-body.ts'
import { brokenRequestError, replyOnSocket } from './raw-socket.ts'
import { registerReference } from './reference.ts'
import { newRequestId } from './request-id.ts'
import { RequestLog } from './request-log.ts'
import { requestTarget } from './request-target.ts'
import { type RouteTable, routeTable } from './route-table.ts'
import { wrongApiCredentials, wrongFeedCredentials } from './wrong-credentials.ts'

export interface ServerOptions {
  readonly config: Config
  readonly store: Store
  /** Unix milliseconds. */
  readonly clock: () => number
  readonly log: Logger
  /** Feeds that the settings name; they come before those of the store. */
  readonly configuredFeeds: readonly FeedRow[]
  /**
   * When each feed was last received, by its id; unix milliseconds. The server updates it. Bounded by the number of
   * feeds.
   */
  readonly heard?: Map<string, number>
  /** The queue that deliveries are applied by, if others use it too; without it the server makes one. */
  readonly queue?: ApplyQueue
  /** The log of outages, if others use it too; without it the server makes one. */
  readonly noteOutage?: OutageLog
  /** The kinds of feeds that are served; all if none are given. */
  readonly feeds?: readonly Feed[]
  /** The operations of the API; all if none are given. */
  readonly operations?: readonly Operation[]
  /** Other bounds than those of LIMITS, for tests. */
  readonly limits?: Partial<Limits>
}

/** As many of the largest bodies may always be in flight. */
const BODIES_IN_FLIGHT = 4
/** A path with a long SID is answered with 404, not as a request that cannot be read. */
const ROUTER_OPTIONS = { ignoreTrailingSlash: true, maxParamLength: 16_384 }

/** The whole server, ready to listen. Closing it leaves the store open. */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { config, store, clock, log } = options
  const { noteOutage = outageLog(log, clock) } = options
  const { corsOrigins, publicUrl } = config
  const limits = { ...LIMITS, ...options.limits }
  const trust = trustOf(config.trustProxy)
  const originOf = (request: FastifyRequest) => baseUrlOf(request, publicUrl, trust)
  const targetOf = requestTarget(publicUrl)
  const inFlight = bytesInFlight(Math.max(limits.bytesInFlight, BODIES_IN_FLIGHT * config.bodyLimitBytes))
  const routes = routeTable(ROUTER_OPTIONS)
  const sockets = handshakes({
    isServed: target => routes.servesWebSocket(targetOf(target)),
    headersFor: ({ headers }) => corsHeaders(corsOrigins, headers.origin),
  })
  const app = Fastify({
    loggerInstance: requestLogger(log, routes),
    logController: new RequestLog({ requestIdLogLabel: 'request_id' }),
    genReqId: newRequestId,
    requestTimeout: limits.requestTimeoutMs,
    connectionTimeout: limits.idleTimeoutMs,
    trustProxy: trust,
    // Fastify's own answer is not the error object.
    return503OnClosing: false,
    http: {
      // Our own check of the host answers a request without one; Node's answer is not the error object.
      requireHostHeader: false,
      headersTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: limits.checkEveryMs,
      shouldUpgradeCallback: request => sockets.shouldUpgrade(request),
    },
    routerOptions: ROUTER_OPTIONS,
    rewriteUrl: request => targetOf(request.url ?? '/'),
    clientErrorHandler: (error, socket) =>
      replyOnSocket(socket, corsHeaders(corsOrigins, undefined), brokenRequestError(error)),
    frameworkErrors(error, request, reply) {
      // Fastify meets these errors before any hook has run.
      reply.headers(commonHeaders(request, config))
      replyWithError(error, request, reply)
    },
  })
  answerInTurn(app.server, limits.waitingRequests)
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
  app.server.on('connect', (request, socket) =>
    replyOnSocket(socket, corsHeaders(corsOrigins, request.headers.origin), 'methodNotAllowed'),
  )
  keepRawBodies(app, config.bodyLimitBytes, inFlight)
  app.decorateRequest('accountSid', '')
  app.addHook('onRoute', route => routes.add(route))
  let isStopping = false
  app.addHook('preClose', async () => {
    isStopping = true
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(commonHeaders(request, config))
    if (isStopping) throw new ApiError('unavailable', 'The server is stopping')
    if (request.method !== 'OPTIONS') return
    await reply.code(204).header('allow', routes.methodsOf(request.url).join(', ')).send()
  })
  app.addHook('preParsing', async (request, _reply, payload) => {
    // The body of such a request is not read.
    if (request.is404) await notFound(request)
    return payload
  })
  app.setErrorHandler((error: Error, request, reply) => {
    noteOutage(error)
    return replyWithError(error, request, reply)
  })
  app.setNotFoundHandler(notFound)

  await app.register(rateLimit, { global: false })
  await registerOpenapi(app)
  await app.register(scope => registerHealth(scope, store, clock, noteOutage))
  await app.register(scope => registerReference(scope, originOf))
  await app.register(registerApiRoutes, { prefix: API_PREFIX })
  await app.register(registerFeedRoutes)
  return app

  async function registerApiRoutes(scope: FastifyInstance): Promise<void> {
    const { operations = allOperations } = options
    const { rateLimitPerMin } = config
    const context = { store, clock }
    const wrongCredentials = wrongApiCredentials(scope, limits)
    const answers = { baseUrlOf: originOf, rateLimitPerMin, wrongCredentials, notFound }
    await registerApi(scope, { operations, context, ...answers })
  }

  async function registerFeedRoutes(scope: FastifyInstance): Promise<void> {
    const { feeds = allFeeds, configuredFeeds, heard = new Map() } = options
    const onFault = (error: unknown) => log.error(error, 'a delivery failed')
    const { queue = applyQueue({ store, feeds, settings: config, onFault }) } = options
    const receiver = { store, queue, configuredFeeds, clock, heard, onFault }
    const deliveries = deliveryLog(store, error => {
      if (error instanceof StoreUnavailableError) noteOutage(error)
      else log.error(error, 'the log of deliveries cannot be written')
    })
    scope.addHook('onClose', () => deliveries.close())
    const wrongCredentials = wrongFeedCredentials(scope, limits)
    const bounds = { wrongCredentials, webSocketWatch: { pingEveryMs: limits.pingEveryMs, inFlight } }
    await registerFeeds(scope, {
      ...{ feeds, receiver, deliveries, baseUrlOf: originOf, noteOutage },
      ...bounds,
    })
    sockets.watch(scope.websocketServer)
  }

  async function notFound(request: FastifyRequest): Promise<never> {
    const methods = routes.methodsOf(request.url)
    if (methods.length === 0 || methods.includes(request.method)) throw new ApiError('notFound')
    throw new ApiError('methodNotAllowed', undefined, { allow: methods.join(', ') })
  }
}

/** The headers of every answer to a request. */
function commonHeaders(request: FastifyRequest, config: Config): Record<string, string> {
  const { origin, upgrade } = request.headers
  return {
    'twilio-request-id': request.id,
    ...corsHeaders(config.corsOrigins, origin),
    // A client that asked for a WebSocket sends nothing else on a connection that did not become one.
    ...(upgrade?.toLowerCase() === 'websocket' ? { connection: 'close' } : {}),
  }
}

/** A log of requests without queries: a query may hold names of people, or a secret that was put there by mistake. */
function requestLogger(log: Logger, routes: RouteTable): FastifyBaseLogger {
  return log.child(
    {},
    {
      serializers: {
        req: ({ method, url, ip }: FastifyRequest) => ({
          method,
          path: routes.pathToLog(url ?? ''),
          remote: ip,
        }),
        res: ({ statusCode }: { statusCode: number }) => ({ status: statusCode }),
        err(error: Error) {
          const { message, stack = '', ...shown } = pino.stdSerializers.err(error)
          return { ...shown, message: textToLog(message, routes), stack: textToLog(stack, routes) }
        },
      },
    },
  )
}

/** An error of Fastify quotes the URL of its request, which may have a secret in it. */
function textToLog(text: string, routes: RouteTable): string {
  return text.replace(/"(\/[^"\s]*)"/g, (_, url) => `"${routes.pathToLog(url)}"`)
}
