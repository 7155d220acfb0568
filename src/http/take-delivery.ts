import type { FastifyRequest } from 'fastify'
import type { Delivery, Feed } from '../feeds/feed.ts'
import { UnauthenticError } from '../feeds/feed-errors.ts'
import type { DeliveryLog } from '../ingest/delivery-log.ts'
import { type Outcome, type Receiver, receive } from '../ingest/receive.ts'
import { ApiError, ERRORS } from './errors.ts'
import type { OutageLog } from './outage-log.ts'
import { bodyOf } from './raw-body.ts'
import type { WebSocketWatch } from './watch-web-socket.ts'
import type { WrongCredentials } from './wrong-credentials.ts'

const CHALLENGE = { 'www-authenticate': 'Bearer realm="Rollcall"' }

/** What the routes and sockets of feeds need. */
export interface FeedRoutes {
  readonly feeds: readonly Feed[]
  readonly receiver: Receiver
  readonly deliveries: DeliveryLog
  readonly wrongCredentials: WrongCredentials
  readonly webSocketWatch: WebSocketWatch
  readonly baseUrlOf: (request: FastifyRequest) => string
  readonly noteOutage: OutageLog
}

/**
 * Has a delivery received, and notes the outcome in the log of deliveries. `error` is what to answer with; undefined
 * for a delivery that is stored. `told` is for the log of the server.
 */
export async function takeDelivery(
  { receiver, deliveries, wrongCredentials, noteOutage }: FeedRoutes,
  feed: Feed,
  delivery: Delivery,
  request: FastifyRequest,
) {
  const receivedAtMs = receiver.clock()
  const outcome = await receive(receiver, feed, delivery)
  if (outcome.outcome === 'unavailable') noteOutage(outcome.detail)
  const found = errorOf(outcome)
  const error = found?.error === 'unauthorized' ? await wrongCredentials.count(request, found) : found
  const status = error === undefined ? 200 : ERRORS[error.error].status
  deliveries.add(feed.kind, receivedAtMs, status, outcome)
  const told = { feed: feed.kind, outcome: outcome.outcome, detail: outcome.detail }
  return { outcome, error, told }
}

/**
 * Runs a check of a delivery that is not received yet. One that is not authentic is noted in the log of deliveries and
 * refused.
 */
export async function checkAuthentic(
  { receiver, deliveries, wrongCredentials }: FeedRoutes,
  feed: Feed,
  request: FastifyRequest,
  check: () => Promise<unknown>,
): Promise<void> {
  try {
    await check()
  } catch (error) {
    if (!(error instanceof UnauthenticError)) throw error
    const outcome = { outcome: 'unauthentic', detail: error.message, feed: undefined } as const
    const unauthorized = new ApiError('unauthorized', error.message, CHALLENGE)
    const refusal = await wrongCredentials.count(request, unauthorized)
    const { status } = ERRORS[refusal.error]
    deliveries.add(feed.kind, receiver.clock(), status, { ...outcome, events: 0, duplicates: 0 })
    throw refusal
  }
}

/** The request as a delivery; `baseUrl` is scheme, host and path prefix that the sender used. */
export function deliveryOf(request: FastifyRequest, baseUrl: string): Delivery {
  const headers = Object.entries(request.headers).map(([name, value]) => [name, value?.toString()] as const)
  return {
    method: request.method,
    url: baseUrl + request.url,
    headers: Object.fromEntries(headers),
    params: request.params as Delivery['params'], // as the router gives them
    body: bodyOf(request),
  }
}

/** The error that an outcome is answered with; undefined for a delivery that is stored. */
function errorOf({ outcome, detail }: Outcome): ApiError | undefined {
  switch (outcome) {
    case 'stored':
      return undefined
    case 'unauthentic':
      return new ApiError('unauthorized', detail, CHALLENGE)
    case 'junk':
      return new ApiError('badRequest', detail)
    case 'failed':
      return new ApiError('internal')
    case 'unavailable':
      return new ApiError('unavailable')
  }
}
