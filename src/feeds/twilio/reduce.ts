import { readCloudEvent } from '../cloud-event.ts'
import type { Reduced } from '../feed.ts'
import { type Json, objectOf } from '../json.ts'
import type { Payload } from '../payload.ts'
import { callbackEvent, readCallback } from './callback.ts'
import { summaryEvents } from './summary.ts'

/** The events of one status callback or one Event Streams summary. Their keys follow from the content. */
export function reduceTwilio({ value }: Payload): Reduced {
  // The parameters of a callback are texts; only a summary has an object as its data.
  const data = objectOf(value['data'])
  return data === undefined ? reduceCallback(value) : reduceSummary(value, data)
}

function reduceCallback(value: Json): Reduced {
  const callback = readCallback(value)
  const event = callbackEvent(callback)
  if (event !== undefined) return { events: [event] }
  const name = callback['StatusCallbackEvent'] ?? 'without a name'
  return { events: [], reason: `Twilio callback ${name} is not understood` }
}

function reduceSummary(value: Json, data: Json): Reduced {
  const summary = readCloudEvent(value)
  const events = summaryEvents(summary, data)
  if (events.length > 0) return { events }
  return { events, reason: `Twilio event ${summary.type} is not understood` }
}
