import websocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import type { Feed } from '../feeds/feed.ts'
import { checkHead } from '../ingest/receive.ts'
import { registerFeedSocket } from './feed-socket.ts'
import { describeFeed } from './openapi.ts'
import { feedRouteOf } from './route-of.ts'
import { checkAuthentic, deliveryOf, type FeedRoutes, takeDelivery } from './take-delivery.ts'

/** The largest message of a WebSocket. Its sender is authenticated, and does not send a refused message again. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024
// The types of ws lack `closeTimeout`: a connection is cut when its client takes longer to answer a close.
const SOCKET_OPTIONS = { maxPayload: MAX_MESSAGE_BYTES, closeTimeout: 1_000 }

/** Registers the routes of each feed. */
export async function registerFeeds(app: FastifyInstance, options: FeedRoutes): Promise<void> {
  await app.register(websocket, { options: SOCKET_OPTIONS })
  for (const feed of options.feeds) {
    if (feed.webSocket === true) registerFeedSocket(app, feed, options)
    for (const path of feed.paths) {
      for (const method of feed.methods) registerFeedRoute(app, feed, { method, path }, options)
    }
  }
}

function registerFeedRoute(
  app: FastifyInstance,
  feed: Feed,
  place: { method: Feed['methods'][number]; path: string },
  options: FeedRoutes,
): void {
  app.route({
    ...feedRouteOf(feed, place.path),
    method: place.method,
    ...describeFeed(app, feed, place),
    async preParsing(request, _reply, payload) {
      // Most bodies come together with the head, and the whole delivery is authenticated once.
      if (request.raw.complete === false) {
        const head = deliveryOf(request, options.baseUrlOf(request))
        await checkAuthentic(options, feed, request, () => checkHead(options.receiver, feed, head))
      }
      return payload
    },
    async handler(request, reply) {
      const delivery = deliveryOf(request, options.baseUrlOf(request))
      const { outcome, error, told } = await takeDelivery(options, feed, delivery, request)
      request.delivery = told
      if (error !== undefined) throw error
      return reply.send({ events: outcome.events, duplicates: outcome.duplicates })
    },
  })
}
