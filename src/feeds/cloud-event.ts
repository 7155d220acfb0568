import type { Delivery } from './feed.ts'
import { JunkError } from './feed-errors.ts'
import { idOf, type Json, objectOf, parseJson } from './json.ts'

/** One CloudEvents 1.0 event; `envelope` is the whole of it, as one JSON object. */
export interface CloudEvent {
  readonly id: string
  readonly source: string
  readonly type: string
  readonly time: unknown
  readonly data: unknown
  readonly envelope: Json
}

const MAX_BATCH = 1_000

/**
 * The events of a request in structured, batched or binary mode. Plain JSON that holds one envelope or an array of them
 * is read too. Throws JunkError. Source: CloudEvents 1.0.2, HTTP protocol binding and JSON event format.
 */
export function cloudEventsOf(delivery: Delivery): CloudEvent[] {
  if (delivery.headers['ce-specversion'] !== undefined) return [readCloudEvent(fromHeaders(delivery))]
  const body = parseJson(delivery.body)
  const envelopes = Array.isArray(body) ? body : [body]
  if (envelopes.length > MAX_BATCH) {
    throw new JunkError(`A batch of ${envelopes.length} events is too large: send at most ${MAX_BATCH}.`)
  }
  return envelopes.map((envelope, index) => readCloudEvent(objectOf(envelope), index))
}

/** The event in an envelope; `index` is its place in its batch, which errors name. Throws JunkError. */
export function readCloudEvent(envelope: Json | undefined, index = 0): CloudEvent {
  if (envelope === undefined) throw new JunkError(`Event ${index} is not a CloudEvents envelope.`)
  if (envelope['specversion'] !== '1.0') throw new JunkError(`Event ${index}: specversion must be "1.0".`)
  const required = (name: string) => {
    const value = idOf(envelope[name])
    if (value === undefined) throw new JunkError(`Event ${index}: ${name} is required.`)
    return value
  }
  return {
    id: required('id'),
    source: required('source'),
    type: required('type'),
    time: envelope['time'],
    data: envelope['data'],
    envelope,
  }
}

/** The key of an event. Events with the same source and id are the same event (CloudEvents 1.0.2, `id`). */
export function eventKey({ source, id }: CloudEvent): string {
  return `${source.replaceAll('|', '%7C')}|${id}`
}

/** The envelope of a request in binary mode: attributes are headers, and `data` is the body. */
function fromHeaders({ headers, body }: Delivery): Json {
  const attributes = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith('ce-') && value !== undefined ? [[name.slice(3), percentDecoded(value)] as const] : [],
  )
  return { ...Object.fromEntries(attributes), data: body.length === 0 ? undefined : parseJson(body) }
}

/** Header values are percent-encoded (HTTP protocol binding, 3.1.3.2). A value that is encoded wrongly stays as it is. */
function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
