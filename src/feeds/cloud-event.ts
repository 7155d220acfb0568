import { type Delivery, JunkError } from './feed.ts'
import { type Json, objectOf, parseJson, textOf } from './json.ts'

/** One CloudEvents 1.0 envelope; `raw` is the whole of it. */
export interface CloudEvent {
  readonly id: string
  readonly source: string
  readonly type: string
  readonly time: unknown
  readonly data: unknown
  readonly raw: Json
}

const MAX_BATCH = 1_000

/** Source and id: an event that has both in common with another is the same (CloudEvents 1.0.2, `id`). */
export function eventKey({ source, id }: CloudEvent): string {
  return `${source.replaceAll('|', '%7C')}|${id}`
}

/**
 * The CloudEvents of a request: structured, batched or binary mode, and plain JSON holding one envelope or an array.
 * Throws JunkError. Source: CloudEvents 1.0.2, HTTP protocol binding and JSON event format.
 */
export function cloudEventsOf(delivery: Delivery): CloudEvent[] {
  if (delivery.headers['ce-specversion'] !== undefined) return [envelopeOf(fromHeaders(delivery), 0)]
  const body = parseJson(delivery.body)
  const envelopes = Array.isArray(body) ? body : [body]
  if (envelopes.length > MAX_BATCH) {
    throw new JunkError(`A batch of ${envelopes.length} events is too large: send at most ${MAX_BATCH}.`)
  }
  return envelopes.map((envelope, index) => envelopeOf(objectOf(envelope), index))
}

function envelopeOf(raw: Json | undefined, index: number): CloudEvent {
  if (raw === undefined) throw new JunkError(`Event ${index} is not a CloudEvents envelope.`)
  if (raw['specversion'] !== '1.0') throw new JunkError(`Event ${index}: specversion must be "1.0".`)
  const required = (name: string) => {
    const value = textOf(raw[name])
    if (value === undefined) throw new JunkError(`Event ${index}: ${name} is required.`)
    return value
  }
  return {
    id: required('id'),
    source: required('source'),
    type: required('type'),
    time: raw['time'],
    data: raw['data'],
    raw,
  }
}

/** Header values are percent-encoded (HTTP protocol binding, 3.1.3.2). */
function fromHeaders({ headers, body }: Delivery): Json {
  const attributes = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith('ce-') && value !== undefined ? [[name.slice(3), percentDecoded(value)] as const] : [],
  )
  return { ...Object.fromEntries(attributes), data: body.length === 0 ? undefined : parseJson(body) }
}

function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
