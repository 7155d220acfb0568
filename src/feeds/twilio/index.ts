import { createHmac } from 'node:crypto'
import { ACCOUNT_SID } from '../../sid.ts'
import { cloudEventsOf, eventKey } from '../cloud-event.ts'
import { type Decoded, type Delivery, type Feed, JunkError, UnauthenticError } from '../feed.ts'
import { digestOf, objectOf, textOf, withoutSecrets } from '../json.ts'
import { isSame } from '../signature.ts'
import { type Callback, callbackEvent } from './callback.ts'
import { summaryAccount, summaryEvents } from './summary.ts'

const STANDARD_PORTS: Readonly<Record<string, string>> = { 'http://': '80', 'https://': '443' }

/**
 * Twilio Video status callbacks (form POST, or GET) and Event Streams' video-insights summaries (JSON).
 * Twilio's SIDs pass through, for the account that they name.
 * Source: twilio.com/docs/video/api/status-callbacks, docs/usage/security, docs/events/event-types/video-insights.
 */
export const twilio: Feed = {
  kind: 'twilio',
  path: '/feeds/twilio',
  paths: ['/feeds/twilio'],
  methods: ['POST', 'GET'],
  summary:
    'Twilio Video status callbacks and Event Streams, signed with the auth token of the Twilio account',

  claim(delivery) {
    const account = accountOf(delivery)
    if (account === undefined) throw new UnauthenticError('The delivery names no Twilio account.')
    return account
  },

  verify(delivery, secret) {
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
  },

  decode: (delivery, { accountSid }) =>
    isJson(delivery) ? decodeSummaries(delivery, accountSid) : decodeCallback(delivery),

  // The most that Twilio lets a participant stay (MaxParticipantDuration).
  silenceLimitMs: 24 * 3_600_000,
  whenUnavailable: { 'retry-after': '1' },
}

function decodeCallback(delivery: Delivery): Decoded {
  const callback: Callback = Object.fromEntries(params(delivery))
  const native = withoutSecrets(callback)
  const event = callbackEvent(callback)
  if (event !== undefined) return { events: [{ event, native }], kept: [] }
  const name = callback['StatusCallbackEvent'] ?? 'without a name'
  const reason = `Twilio callback ${name} is not understood`
  return { events: [], kept: [{ payloadKey: digestOf(native), reason, native }] }
}

function decodeSummaries(delivery: Delivery, accountSid: string): Decoded {
  const events: Decoded['events'][number][] = []
  const kept: Decoded['kept'][number][] = []
  for (const envelope of cloudEventsOf(delivery)) {
    const data = objectOf(envelope.data) ?? {}
    if (summaryAccount(data) !== accountSid) {
      throw new JunkError(`Event ${envelope.id} names another account than ${accountSid}.`)
    }
    const native = withoutSecrets(envelope.raw)
    const decoded = summaryEvents(envelope, data)
    events.push(...decoded.map(event => ({ event, native })))
    if (decoded.length === 0) {
      const payloadKey = eventKey(envelope)
      kept.push({ payloadKey, reason: `Twilio event ${envelope.type} is not understood`, native })
    }
  }
  return { events, kept }
}

function accountOf(delivery: Delivery): string | undefined {
  const named = isJson(delivery)
    ? summaryAccount(objectOf(cloudEventsOf(delivery)[0]?.data) ?? {})
    : params(delivery).get('AccountSid')
  const account = textOf(named)
  return account !== undefined && ACCOUNT_SID.test(account) ? account : undefined
}

function isJson({ method, headers }: Delivery): boolean {
  return method === 'POST' && /[/+]json/.test(headers['content-type'] ?? '')
}

function params(delivery: Delivery): URLSearchParams {
  if (delivery.method === 'GET') return new URL(delivery.url).searchParams
  return new URLSearchParams(delivery.body.toString('utf8'))
}

/** Each name with its distinct values, in byte order, nothing between; only what is in the body is signed so. */
function sortedPairs(delivery: Delivery): string[] {
  if (delivery.method === 'GET') return []
  const valuesOf = new Map<string, Set<string>>()
  for (const [name, value] of params(delivery)) {
    valuesOf.set(name, (valuesOf.get(name) ?? new Set()).add(value))
  }
  const names = [...valuesOf.keys()].sort()
  return names.flatMap(name => [...(valuesOf.get(name) ?? [])].sort().map(value => name + value))
}

/** Twilio signs the address as it was written, with its port or without: the official SDKs try both. */
function urlForms(url: string): string[] {
  const [asWritten = '', scheme = '', host = '', port] =
    /^(\w+:\/\/)([^/?#]*?)(?::(\d+))?(?=[/?#]|$)/.exec(url) ?? []
  const rest = url.slice(asWritten.length)
  const standardPort = STANDARD_PORTS[scheme.toLowerCase()]
  return [`${scheme}${host}${rest}`, `${scheme}${host}:${port ?? standardPort}${rest}`]
}
