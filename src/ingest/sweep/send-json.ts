import type { SendRequest } from '../../feeds/snapshot.ts'

const TIMEOUT_MS = 10_000

/** Sends requests with a body of JSON, until `signal` is aborted. */
export function sendJson(signal: AbortSignal): SendRequest {
  return async ({ url, headers, body }) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    if (!response.ok) throw new Error(`${url} is answered with ${response.status}`)
    return await response.json()
  }
}
