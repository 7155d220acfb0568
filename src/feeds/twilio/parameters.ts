import type { Delivery } from '../feed.ts'

/** The parameters of a status callback: those of the query in a GET, those of the form in a POST. */
export function parametersOf(delivery: Delivery): URLSearchParams {
  if (delivery.method === 'GET') return new URL(delivery.url).searchParams
  return new URLSearchParams(delivery.body.toString('utf8'))
}

/** True for a delivery of Event Streams, whose body is JSON; false for a status callback. */
export function isJson({ method, headers }: Delivery): boolean {
  return method === 'POST' && /[/+]json/.test(headers['content-type'] ?? '')
}
