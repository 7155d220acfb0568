import type { Feed } from '../feed.ts'
import { JunkError, UnauthenticError } from '../feed-errors.ts'
import { digestOf, idOf, keptForm, objectOf, parseJson } from '../json.ts'
import { reduceJaas } from './reduce.ts'
import { verifySignature } from './verify-signature.ts'

const DAY_MS = 24 * 3_600_000

/**
 * Webhooks of JaaS (8x8's hosted Jitsi).
 * Source: developer.8x8.com/jaas/docs, "Webhooks" (payloads, and the signature with its test vector).
 */
export const jaas: Feed = {
  kind: 'jaas',
  path: '/feeds/jaas',
  paths: ['/feeds/jaas'],
  methods: ['POST'],
  summary: 'JaaS (8x8) webhooks, signed with the secret of the webhook (whsec_…) and found by the AppID',

  keys: {
    made: 'chosen',
    keyLabel: 'AppID',
    secretPrompt: key => `Secret of the webhook of ${key}: `,
  },

  authKey({ body }) {
    const appId = idOf(objectOf(parseJson(body))?.['appId'])
    if (appId === undefined) throw new UnauthenticError('The delivery names no appId.')
    return appId
  },

  signatureHeader: 'x-jaas-signature',
  verify: verifySignature,

  payloads(delivery) {
    const body = objectOf(parseJson(delivery.body))
    if (body === undefined) throw new JunkError('The body is not an object.')
    const key = idOf(body['idempotencyKey']) ?? digestOf(delivery.body)
    return [{ key, value: keptForm(body) }]
  },

  reduce: reduceJaas,

  silenceLimitMs: DAY_MS,
  whenUnavailable: { 'retry-after': '1' },
}
