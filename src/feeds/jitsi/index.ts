import { bearerAuthKey, bearerKeys } from '../bearer.ts'
import type { Feed } from '../feed.ts'
import { JunkError } from '../feed-errors.ts'
import { canonicalJson, digestOf, keptForm, objectOf, omitUndefined, parseJson } from '../json.ts'
import { latestMoment } from './body.ts'
import { expireJitsi } from './expire.ts'
import { reduceJitsi } from './reduce.ts'

const DAY_MS = 24 * 3_600_000

/**
 * Jitsi Meet, by prosody's `mod_event_sync_component`.
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
  keys: bearerKeys,

  authKey: bearerAuthKey,

  // The feed is found by the hash of its key: a delivery with such a key is authentic.
  verify() {},

  payloads(delivery) {
    const value = objectOf(parseJson(delivery.body))
    if (value === undefined) throw new JunkError('The body is not an object.')
    // The module sends no id, and sends the same body again when it repeats a request.
    const key = digestOf(canonicalJson(value))
    const kept = keptForm(value)
    return [{ key, value: kept, ...omitUndefined({ latestMs: latestMoment(kept) }) }]
  },

  hasMemory: true,
  reduce: reduceJitsi,
  expire: expireJitsi,

  silenceLimitMs: DAY_MS,
  // The module repeats what is answered with a 5xx, three times and a second apart unless its settings say otherwise.
  whenUnavailable: { 'retry-after': '1' },
}
