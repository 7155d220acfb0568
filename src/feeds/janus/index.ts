import { gunzipSync } from 'node:zlib'
import { type Delivery, type Feed, JunkError, type Payload, UnauthenticError } from '../feed.ts'
import { canonicalJson, digestOf, type Json, momentOf, objectOf, parseJson, withoutSecrets } from '../json.ts'
import { sweepJanus } from './expire.ts'
import { linkJanus } from './reduce.ts'

/** Of a body that was compressed: a group holds a hundred events at most. */
const MAX_INFLATED_BYTES = 16 * 1024 * 1024
const MAX_GROUP = 10_000
const GZIP_MAGIC = [0x1f, 0x8b]
/** Members of what Janus says of itself when it starts: addresses, and servers with their credentials. */
const OWN_ADDRESS_KEY = /-(?:ips?|mapping|server)$/

/**
 * Janus, by its event handlers: wsevh dials a WebSocket, sampleevh POSTs. Single events and groups of them.
 * Source: janus.conf.meetecho.com/docs/eventhandlers, and what Janus 1.1.2 sends.
 */
export const janus: Feed = {
  kind: 'janus',
  path: '/feeds/janus/{token}',
  paths: ['/feeds/janus/{token}', '/feeds/janus'],
  methods: ['POST'],
  webSocket: true,
  summary:
    'Janus event handlers: wsevh (WebSocket) or sampleevh (HTTP), authorized by the token in the path or by Basic credentials',
  claimIsSecret: true,

  claim({ params, headers }) {
    const token = params['token']
    if (token !== undefined) return digestOf(token)
    const basic = /^Basic\s+(\S+)$/i.exec(headers['authorization'] ?? '')?.[1]
    if (basic === undefined) throw new UnauthenticError('No token in the path, and no Basic credentials.')
    return janusCredentials(Buffer.from(basic, 'base64').toString('utf8'))
  },

  // Who is found by the hash of the token has proved to have it.
  verify() {},

  decode(delivery) {
    const body = parseJson(inflated(delivery))
    const events = Array.isArray(body) ? body : [body]
    if (events.length > MAX_GROUP) throw new JunkError(`A group of ${events.length} events is too large.`)
    return { events: [], kept: [], payloads: events.map(payloadOf) }
  },

  link: linkJanus,
  sweep: sweepJanus,

  // Whose media flow is asked in the sweep; of others nothing is heard while they sit still.
  silenceLimitMs: undefined,
  // Janus takes any status for delivered, and repeats only what it could not send.
  whenUnavailable: 'cut',
}

/** What a Janus feed with Basic credentials is found by: `user:password`. */
export function janusCredentials(userAndPassword: string): string {
  return digestOf(`basic ${userAndPassword}`)
}

/** Told by its first bytes: the header that says so may be lost on the way. */
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
  const isStats = value['type'] === 32 && value['subtype'] === 3
  return {
    // Emitter, time, type and handle are in it: a repetition is the same text.
    payloadKey: digestOf(canonicalJson(value)),
    atMs: momentOf(value['timestamp']) ?? 0,
    value,
    native: isStats ? undefined : withoutSecrets(withoutOwnAddresses(value)),
  }
}

function withoutOwnAddresses(value: Json): Json {
  const event = objectOf(value['event'])
  const info = objectOf(event?.['info'])
  if (value['type'] !== 256 || info === undefined) return value
  const shown = Object.entries(info).filter(([key]) => !OWN_ADDRESS_KEY.test(key))
  return { ...value, event: { ...event, info: Object.fromEntries(shown) } }
}
