import type { Feed } from '../feed.ts'
import { digestOf, idOf, type Json, keptForm, objectOf, parseJson, textOf } from '../json.ts'
import { reduceWebhook } from './reduce.ts'
import { livekitSnapshot } from './snapshot.ts'
import { issuerOf, verifyToken, verifyWebhook } from './verify-webhook.ts'

/**
 * LiveKit webhooks, and those of OpenVidu 3, which embeds LiveKit.
 * Source: docs.livekit.io "Webhooks", livekit/protocol `webhook/` and `livekit_webhook.proto`.
 */
export const livekit: Feed = {
  kind: 'livekit',
  path: '/feeds/livekit',
  paths: ['/feeds/livekit'],
  methods: ['POST'],
  summary: 'LiveKit (and OpenVidu 3) webhooks, signed with a LiveKit API key and secret',

  keys: {
    made: 'chosen',
    keyLabel: 'API key',
    secretPrompt: key => `Secret of ${key}: `,
    generate: newSecret => ({ key: `API${newSecret().slice(0, 12)}`, secret: newSecret() }),
  },

  authKey: issuerOf,
  verifyHead: verifyToken,
  verify: verifyWebhook,

  payloads(delivery) {
    const body = parseJson(delivery.body)
    const key = idOf(objectOf(body)?.['id']) ?? digestOf(delivery.body)
    // A body that is no object is kept as it is, and leads to nothing.
    return [{ key, value: keptForm(body as Json) }]
  },

  reduce: reduceWebhook,

  // A LiveKit server opens no second room under a name while the first is open.
  hasUniqueNames: true,

  configured(settings) {
    const authKey = textOf(settings['livekitApiKey'])
    const secret = textOf(settings['livekitApiSecret'])
    if (authKey === undefined || secret === undefined) return undefined
    return { name: authKey, authKey, secret, url: textOf(settings['livekitUrl']) }
  },

  snapshot: livekitSnapshot,

  // Webhooks say nothing of a participant who sits still, so that silence shows nothing. The snapshot decides.
  silenceLimitMs: undefined,
  // LiveKit obeys Retry-After on a 503 and holds the room's queue meanwhile. It drops what has waited for 30 s.
  whenUnavailable: { 'retry-after': '1' },
}
