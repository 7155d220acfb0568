import websocket from '@fastify/websocket'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Delivery, Feed } from '../feeds/feed.ts'
import type { DeliveryLog } from '../ingest/delivery-log.ts'
import { type Ingest, ingest, type Outcome } from '../ingest/ingest.ts'
import { ApiError, ERRORS } from './errors.ts'
import { registerFeedSocket } from './feed-socket.ts'

/** A sender of messages is known by then, and does not send again what is too large. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024
// `closeTimeout`, after which a peer that does not close in turn is cut, is missing in the types of ws.
const SOCKET_OPTIONS = { maxPayload: MAX_MESSAGE_BYTES, closeTimeout: 1_000 }

/** What the feeds' routes need. */
export interface FeedRoutes {
  readonly feeds: readonly Feed[]
  readonly context: Ingest
  readonly log: DeliveryLog
  readonly baseUrlOf: (request: FastifyRequest) => string
}

/** Registers the routes of each feed. Bodies are the bytes that came: signatures are over them. */
export async function registerFeeds(app: FastifyInstance, options: FeedRoutes): Promise<void> {
  const { feeds, baseUrlOf } = options
  await app.register(websocket, { options: SOCKET_OPTIONS })
  for (const feed of feeds) {
    if (feed.webSocket) registerFeedSocket(app, feed, options)
    for (const path of feed.paths) {
      app.route({
        method: [...feed.methods],
        url: routeOf(path),
        exposeHeadRoute: false,
        async handler(request, reply) {
          const delivery = deliveryOf(request, baseUrlOf(request))
          const { outcome, error, status } = await take(options, feed, delivery, request.log)
          if (feed.whenUnavailable === 'cut' && status >= 500) return cut(request, reply)
          if (error !== undefined) throw error
          return reply.send({ events: outcome.events, duplicates: outcome.duplicates })
        },
      })
    }
  }
}

/** Takes a delivery, and notes what became of it in the log of deliveries and in that of the server. */
export async function take(
  { context, log }: FeedRoutes,
  feed: Feed,
  delivery: Delivery,
  serverLog: FastifyRequest['log'],
) {
  const receivedAtMs = context.clock()
  const outcome = await ingest(context, feed, delivery)
  const error = errorOf(feed, outcome)
  const status = error === undefined ? 200 : ERRORS[error.error].status
  log.add(feed.kind, receivedAtMs, status, outcome)
  serverLog.info({ feed: feed.kind, outcome: outcome.outcome, detail: outcome.detail }, 'delivery')
  return { outcome, error, status }
}

/** True for a path at which a feed may be dialled; any other request for a WebSocket is answered as a plain one. */
export function servesSocket(feeds: readonly Feed[], url: string): boolean {
  const path = url.split('?', 1)[0] ?? ''
  const paths = feeds.filter(feed => feed.webSocket).flatMap(feed => feed.paths)
  return paths.some(served => new RegExp(`^${served.replace(/\{\w+\}/g, '[^/]+')}/?$`).test(path))
}

/** The path as it may be logged: what a feed's path has for a token is left out, also where the path is mistyped. */
export function pathToLog(path: string): string {
  return path.replace(/(\/janus\/+)[^/].*$/is, '$1…')
}

/** The path as the router writes it. */
export function routeOf(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}

/** The request as a delivery. */
export function deliveryOf(request: FastifyRequest, baseUrl: string): Delivery {
  const headers = Object.entries(request.headers).map(([name, value]) => [name, value?.toString()] as const)
  return {
    method: request.method,
    url: baseUrl + request.url,
    headers: Object.fromEntries(headers),
    params: request.params as Delivery['params'], // what the router makes of the path
    // The server's one parser gives a Buffer; without a body there is none.
    body: (request.body as Buffer | undefined) ?? Buffer.alloc(0),
  }
}

/** For a sender that takes any status for delivered. */
function cut(request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack()
  request.raw.socket.destroy()
}

/** What an outcome is answered with, unless it is well. */
function errorOf(feed: Feed, { outcome, detail }: Outcome): ApiError | undefined {
  switch (outcome) {
    case 'stored':
      return undefined
    case 'unauthentic':
      return new ApiError('unauthorized', detail, { 'www-authenticate': 'Bearer realm="Rollcall"' })
    case 'junk':
      return new ApiError('badRequest', detail)
    case 'failed':
      return new ApiError('internal')
    case 'unavailable': {
      const { whenUnavailable } = feed
      return new ApiError('unavailable', undefined, whenUnavailable === 'cut' ? {} : whenUnavailable)
    }
  }
}
