import type { SendRequest } from '../../feeds/snapshot.ts'

const TIMEOUT_MS = 10_000

/**
 * Sends requests with a JSON body, and resolves to the JSON of the answer. Rejects when the status is not 2xx, after
 * TIMEOUT_MS, and once `signal` is aborted.
 */
export function sendJson(signal: AbortSignal): SendRequest {
  return async ({ url, headers, body }) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    if (!response.ok) {
      const { origin, pathname } = new URL(url)
      throw new Error(`${origin} answered ${pathname} with status ${response.status}`)
    }
    return await response.json()
  }
}
