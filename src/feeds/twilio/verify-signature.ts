import { createHmac } from 'node:crypto'
import type { Delivery } from '../feed.ts'
import { UnauthenticError } from '../feed-errors.ts'
import { digestOf } from '../json.ts'
import { isSame } from '../signature.ts'
import { isJson, parametersOf } from './parameters.ts'

/**
 * Throws UnauthenticError unless X-Twilio-Signature is the HMAC-SHA-1 of the URL and the form parameters with this auth
 * token. A JSON body is signed by its SHA-256 in the URL (`bodySHA256`). Source: twilio.com/docs/usage/security.
 */
export function verifySignature(delivery: Delivery, secret: string): void {
  const given = Buffer.from(delivery.headers['x-twilio-signature'] ?? '', 'base64')
  const pairs = isJson(delivery) ? [] : sortedPairs(delivery)
  const isSigned = urlForms(delivery.url).some(url => {
    const expected = createHmac('sha1', secret)
      .update(url + pairs.join(''))
      .digest()
    return isSame(given, expected)
  })
  if (!isSigned) {
    const { origin, pathname } = new URL(delivery.url)
    throw new UnauthenticError(
      `X-Twilio-Signature is not that of ${origin}${pathname} with this auth token. Is this the address that Twilio was given (PUBLIC_URL)?`,
    )
  }
  if (!isJson(delivery)) return
  const stated = new URL(delivery.url).searchParams.get('bodySHA256') ?? ''
  if (stated.toLowerCase() !== digestOf(delivery.body)) {
    throw new UnauthenticError('The body is not the one that was signed (bodySHA256).')
  }
}

const STANDARD_PORTS: Readonly<Record<string, string>> = { 'http://': '80', 'https://': '443' }

/**
 * The form parameters as they are signed: each name with each of its distinct values, in byte order and without
 * separators. Parameters in the query are signed as part of the URL.
 */
function sortedPairs(delivery: Delivery): string[] {
  if (delivery.method === 'GET') return []
  const valuesOf = new Map<string, Set<string>>()
  for (const [name, value] of parametersOf(delivery)) {
    valuesOf.set(name, (valuesOf.get(name) ?? new Set()).add(value))
  }
  const names = [...valuesOf.keys()].sort()
  return names.flatMap(name => [...(valuesOf.get(name) ?? [])].sort().map(value => name + value))
}

/** The URL without a port and with one. Twilio signs either, and the official SDKs try both. */
function urlForms(url: string): string[] {
  const [asWritten = '', scheme = '', host = '', port] =
    /^(\w+:\/\/)([^/?#]*?)(?::(\d+))?(?=[/?#]|$)/.exec(url) ?? []
  const rest = url.slice(asWritten.length)
  const standardPort = STANDARD_PORTS[scheme.toLowerCase()]
  return [`${scheme}${host}${rest}`, `${scheme}${host}:${port ?? standardPort}${rest}`]
}
