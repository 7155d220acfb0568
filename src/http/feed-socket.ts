import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Feed } from '../feeds/feed.ts'
import { authenticFeed } from '../ingest/receive.ts'
import { ApiError } from './errors.ts'
import { feedRouteOf } from './route-of.ts'
import { checkAuthentic, deliveryOf, type FeedRoutes, takeDelivery } from './take-delivery.ts'
import { watchWebSocket } from './watch-web-socket.ts'

const RETRY_MS = 250
const ONLY_SOCKET = 'Method not allowed: a GET of this path must ask for a WebSocket'

/**
 * Registers the WebSocket of a feed whose sender connects to us. Messages are stored one after another, and none is
 * read meanwhile: the sender is not told what is stored, and keeps what it could not send. So memory holds the messages
 * of one read from the network at most.
 */
export function registerFeedSocket(app: FastifyInstance, feed: Feed, options: FeedRoutes): void {
  const { receiver, baseUrlOf, webSocketWatch } = options
  const closing = new AbortController()
  const storing = new Set<Promise<void>>()
  app.addHook('preClose', async () => closing.abort())
  // The sender does not repeat a message that was read: it is stored before the store is closed.
  app.addHook('onClose', async () => void (await Promise.all(storing)))
  const methods = [...feed.methods, 'OPTIONS']
  for (const path of feed.paths) {
    app.route({
      ...feedRouteOf(feed, path),
      method: 'GET',
      schema: { hide: true },
      async preValidation(request) {
        if (!request.ws) return
        const delivery = deliveryOf(request, baseUrlOf(request))
        await checkAuthentic(options, feed, request, () => authenticFeed(receiver, feed, delivery))
      },
      async handler() {
        throw new ApiError('methodNotAllowed', ONLY_SOCKET, { allow: methods.join(', ') })
      },
      wsHandler(socket, request) {
        request.log.info({ req: request }, 'WebSocket opened')
        const handshake = deliveryOf(request, baseUrlOf(request))
        let last = Promise.resolve()
        let waiting = 0
        const shareOf = watchWebSocket(socket, request.raw.socket, webSocketWatch)
        socket.on('message', data => {
          socket.pause()
          waiting++
          const body = Buffer.from(data as Buffer) // ws gives a Buffer unless told otherwise
          const share = shareOf(body)
          const stored = last
            .then(() => store(body))
            .finally(share.release)
            .then(resume)
          storing.add(stored)
          last = stored.finally(() => storing.delete(stored))
        })
        socket.on('error', error => request.log.warn(error, 'a feed socket failed'))

        function resume(): void {
          if (--waiting === 0) socket.resume()
        }

        async function store(body: Buffer): Promise<void> {
          for (;;) {
            const { outcome, told } = await takeDelivery(options, feed, { ...handshake, body }, request)
            request.log.info(told, 'delivery')
            if (outcome.outcome === 'unauthentic') return socket.close(1008, 'The feed is no longer known')
            if (outcome.outcome !== 'unavailable' || closing.signal.aborted) return
            await delay(RETRY_MS, undefined, { signal: closing.signal }).catch(() => {})
          }
        }
      },
    })
  }
}
