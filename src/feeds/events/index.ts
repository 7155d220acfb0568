import { bearerAuthKey, bearerKeys } from '../bearer.ts'
import { cloudEventsOf, eventKey } from '../cloud-event.ts'
import type { Feed } from '../feed.ts'
import { JunkError } from '../feed-errors.ts'
import { keptForm } from '../json.ts'
import { Envelope, MAX_LISTED } from './event-data.ts'
import { eventsOf, reduceCloudEvent } from './reduce.ts'

/**
 * Rollcall's own events as CloudEvents 1.0, for stacks that have no feed of their own.
 * Source: CloudEvents 1.0.2 for the envelope; `data` is specified in event-data.ts.
 */
export const events: Feed = {
  kind: 'events',
  path: '/feeds/events',
  paths: ['/feeds/events'],
  methods: ['POST'],
  summary: 'CloudEvents 1.0 (structured, batch or binary), authorized by a feed key: Authorization: Bearer …',

  body: Envelope,
  keys: bearerKeys,

  authKey: bearerAuthKey,

  // The feed is found by the hash of its key: a delivery with such a key is authentic.
  verify() {},

  payloads(delivery, { accountSid }) {
    const received = cloudEventsOf(delivery)
    // If one event is wrong, the whole batch is refused. The error names the event.
    const events = received.flatMap((event, index) => eventsOf(event, accountSid, index))
    if (events.length - received.length > MAX_LISTED) {
      throw new JunkError(`The snapshots of a request may list at most ${MAX_LISTED} participants together.`)
    }
    return received.map(event => ({ key: eventKey(event), value: keptForm(event.envelope) }))
  },

  reduce: reduceCloudEvent,

  silenceLimitMs: undefined,
  whenUnavailable: { 'retry-after': '1' },
}
