import { gunzipSync } from 'node:zlib'
import type { Delivery, Feed } from '../feed.ts'
import { JunkError, UnauthenticError } from '../feed-errors.ts'
import {
  canonicalJson,
  digestOf,
  type Json,
  keptForm,
  momentOf,
  objectOf,
  omitUndefined,
  parseJson,
  textOf,
} from '../json.ts'
import type { Payload } from '../payload.ts'
import { CONCLUSION } from './conclusions.ts'
import { expireJanus } from './expire.ts'
import { isStatistics } from './media-events.ts'
import { reduceJanus } from './reduce.ts'

export { MEDIA_SILENCE_MS } from './due.ts'

/** The largest body after decompression: a group of Janus holds 100 events at most. */
const MAX_INFLATED_BYTES = 16 * 1024 * 1024
const MAX_GROUP = 10_000
const GZIP_MAGIC = [0x1f, 0x8b]
/** Members of what Janus says of itself when it starts: addresses, and servers with their credentials. */
const OWN_ADDRESS_KEY = /-(?:ips?|mapping|server)$/

/**
 * Janus, by its event handlers: wsevh dials a WebSocket, sampleevh POSTs. A message is one event or a group of them.
 * Source: janus.conf.meetecho.com/docs/eventhandlers, and what Janus 1.1.2 sends.
 */
export const janus: Feed = {
  kind: 'janus',
  path: '/feeds/janus/{token}',
  paths: ['/feeds/janus/{token}', '/feeds/janus'],
  methods: ['POST'],
  webSocket: true,
  secretParam: 'token',
  summary:
    'Janus event handlers: wsevh (WebSocket) or sampleevh (HTTP), authorized by the token in the path or by Basic credentials',
  keys: { made: 'generated', authKeyOf: digestOf, linesFor: token => [`Token    ${token}`] },

  authKey({ params, headers }) {
    const token = params['token']
    if (token !== undefined) return digestOf(token)
    const basic = /^Basic\s+(\S+)$/i.exec(headers['authorization'] ?? '')?.[1]
    if (basic === undefined) throw new UnauthenticError('No token in the path, and no Basic credentials.')
    return janusCredentials(Buffer.from(basic, 'base64').toString('utf8'))
  },

  // The key is the hash of the whole secret: a delivery whose feed was found is authentic.
  verify() {},

  payloads(delivery) {
    const body = parseJson(inflated(delivery))
    const events = Array.isArray(body) ? body : [body]
    if (events.length > MAX_GROUP) throw new JunkError(`A group of ${events.length} events is too large.`)
    return events.map(payloadOf)
  },

  hasMemory: true,
  transientMemory: ['media'],
  reduce: reduceJanus,
  expire: expireJanus,

  configured(settings) {
    const user = textOf(settings['janusEventsUser'])
    const password = textOf(settings['janusEventsPassword'])
    if (user === undefined || password === undefined) return undefined
    return { name: user, authKey: janusCredentials(`${user}:${password}`), secret: '' }
  },

  // Participants who only listen send no events: silence shows nothing. `expire` ends stays whose media stopped.
  silenceLimitMs: undefined,
  // sampleevh takes any status for success, and repeats only what it could not send.
  whenUnavailable: 'cut',
}

/** The key by which a Janus feed with Basic credentials is found. The argument is `user:password`. */
export function janusCredentials(userAndPassword: string): string {
  return digestOf(`basic ${userAndPassword}`)
}

/** The body without gzip, which its first bytes show: a proxy may drop the header that says so. */
function inflated({ body }: Delivery): Buffer {
  if (!GZIP_MAGIC.every((byte, index) => body[index] === byte)) return body
  try {
    return gunzipSync(body, { maxOutputLength: MAX_INFLATED_BYTES })
  } catch {
    throw new JunkError(`The body is not gzip, or is larger than ${MAX_INFLATED_BYTES} bytes without it.`)
  }
}

function payloadOf(event: unknown, index: number): Payload {
  const value = objectOf(event)
  if (value === undefined) throw new JunkError(`Event ${index} is not an object.`)
  const { [CONCLUSION]: _, ...sent } = withoutOwnAddresses(value)
  return {
    // The text has emitter, time, type and handle: an equal text is the same event, which was sent again.
    key: digestOf(canonicalJson(value)),
    value: keptForm(sent),
    ...omitUndefined({ latestMs: momentOf(value['timestamp']) }),
    ...(isStatistics(value) ? { isTransient: true } : {}),
  }
}

function withoutOwnAddresses(value: Json): Json {
  const event = objectOf(value['event'])
  const info = objectOf(event?.['info'])
  if (value['type'] !== 256 || info === undefined) return value
  const shown = Object.entries(info).filter(([key]) => !OWN_ADDRESS_KEY.test(key))
  return { ...value, event: { ...event, info: Object.fromEntries(shown) } }
}
