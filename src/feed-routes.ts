import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ApiError, ERRORS } from './api/errors.ts'
import type { Delivery, Feed } from './feeds/feed.ts'
import type { DeliveryLog } from './ingest/delivery-log.ts'
import { type Ingest, ingest, type Outcome } from './ingest/ingest.ts'

/** Registers a route for each feed. Bodies are the bytes that came: signatures are over them. */
export async function registerFeeds(
  app: FastifyInstance,
  options: {
    feeds: readonly Feed[]
    context: Ingest
    log: DeliveryLog
    baseUrlOf: (request: FastifyRequest) => string
  },
): Promise<void> {
  const { feeds, context, log, baseUrlOf } = options
  for (const feed of feeds) {
    app.route({
      method: [...feed.methods],
      url: feed.path,
      exposeHeadRoute: false,
      async handler(request, reply) {
        const receivedAtMs = context.clock()
        const outcome = await ingest(context, feed, deliveryOf(request, baseUrlOf(request)))
        const error = errorOf(feed, outcome)
        const status = error === undefined ? 200 : ERRORS[error.error].status
        log.add(feed.kind, receivedAtMs, status, outcome)
        request.log.info({ feed: feed.kind, outcome: outcome.outcome, detail: outcome.detail }, 'delivery')
        if (error !== undefined) throw error
        return reply.send({ events: outcome.events, duplicates: outcome.duplicates })
      },
    })
  }
}

function deliveryOf(request: FastifyRequest, baseUrl: string): Delivery {
  const headers = Object.entries(request.headers).map(([name, value]) => [name, value?.toString()] as const)
  return {
    method: request.method,
    url: baseUrl + request.url,
    headers: Object.fromEntries(headers),
    // The server's one parser gives a Buffer; without a body there is none.
    body: (request.body as Buffer | undefined) ?? Buffer.alloc(0),
  }
}

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
    case 'unavailable':
      return new ApiError('unavailable', undefined, feed.unavailableHeaders)
  }
}
