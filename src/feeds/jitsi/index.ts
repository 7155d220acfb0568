import { bearerClaim } from '../bearer.ts'
import { type Feed, JunkError, type Payload } from '../feed.ts'
import {
  canonicalJson,
  digestOf,
  type Json,
  momentOf,
  objectOf,
  parseJson,
  textOf,
  withoutSecrets,
} from '../json.ts'
import { linkJitsi } from './reduce.ts'

const DAY_MS = 24 * 3_600_000
/** Of a room and of an occupant. */
const MOMENTS = ['created_at', 'destroyed_at', 'joined_at', 'left_at']

/**
 * Jitsi Meet, told by prosody's `mod_event_sync_component`.
 * Source: jitsi-contrib/prosody-plugins, event_sync (its README, and commit cd9b905).
 */
export const jitsi: Feed = {
  kind: 'jitsi',
  path: '/feeds/jitsi',
  paths: [
    '/feeds/jitsi/events/room/created',
    '/feeds/jitsi/events/room/destroyed',
    '/feeds/jitsi/events/occupant/joined',
    '/feeds/jitsi/events/occupant/left',
  ],
  methods: ['POST'],
  summary:
    "Jitsi Meet, by prosody's event_sync module (jitsi-contrib), authorized by a feed key: Authorization: Bearer …",
  claimIsSecret: true,

  claim: bearerClaim,

  // Who is found by the hash of a long random key has proved to have it.
  verify() {},

  decode(delivery) {
    const body = parseJson(delivery.body)
    const value = objectOf(body)
    if (value === undefined) throw new JunkError('The body is not an object.')
    // The module has no id of its own, and repeats a body as it is.
    const payloadKey = digestOf(canonicalJson(value))
    const native = withoutSecrets(value)
    const atMs = latestMoment(value)
    if (atMs === undefined) {
      const name = textOf(value['event_name']) ?? 'without a name'
      return { events: [], kept: [{ payloadKey, reason: `Jitsi event ${name} names no moment`, native }] }
    }
    const payload: Payload = { payloadKey, atMs, value, native }
    return { events: [], kept: [], payloads: [payload] }
  },

  link: linkJitsi,

  silenceLimitMs: DAY_MS,
  // The module repeats what is answered with a 5xx, three times and a second apart unless its settings say otherwise.
  whenUnavailable: { 'retry-after': '1' },
}

function latestMoment(value: Json): number | undefined {
  const list = Array.isArray(value['all_occupants']) ? value['all_occupants'] : []
  const moments = [value, ...[value['occupant'], ...list].map(objectOf)].flatMap(told =>
    MOMENTS.flatMap(name => momentOf(told?.[name]) ?? []),
  )
  return moments.length === 0 ? undefined : moments.reduce((a, b) => Math.max(a, b))
}
