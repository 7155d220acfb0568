import { ACCOUNT_SID } from '../../sid.ts'
import { cloudEventsOf, eventKey } from '../cloud-event.ts'
import type { Delivery, Feed } from '../feed.ts'
import { JunkError, UnauthenticError } from '../feed-errors.ts'
import { digestOf, keptForm, objectOf, textOf } from '../json.ts'
import type { Payload } from '../payload.ts'
import { callbackEvent, readCallback } from './callback.ts'
import { isJson, parametersOf } from './parameters.ts'
import { reduceTwilio } from './reduce.ts'
import { summaryAccount } from './summary.ts'
import { verifySignature } from './verify-signature.ts'

/** The longest that Twilio lets a participant stay (MaxParticipantDuration). */
const LONGEST_STAY_MS = 24 * 3_600_000

/**
 * Twilio Video status callbacks (form POST, or GET) and the video-insights summaries of Event Streams (JSON). Twilio's
 * SIDs are kept, for the account that they name.
 * Source: twilio.com/docs/video/api/status-callbacks, docs/usage/security, docs/events/event-types/video-insights.
 */
export const twilio: Feed = {
  kind: 'twilio',
  path: '/feeds/twilio',
  paths: ['/feeds/twilio'],
  methods: ['POST', 'GET'],
  summary:
    'Twilio Video status callbacks and Event Streams, signed with the auth token of the Twilio account',

  keys: {
    made: 'by account',
    secretPrompt: accountSid => `Auth token of ${accountSid} at Twilio: `,
  },

  authKey(delivery) {
    const account = textOf(accountOf(delivery))
    if (account === undefined || !ACCOUNT_SID.test(account)) {
      throw new UnauthenticError('The delivery names no Twilio account.')
    }
    return account
  },

  signatureHeader: 'x-twilio-signature',
  verify: verifySignature,

  payloads: (delivery, { accountSid }) =>
    isJson(delivery) ? summaryPayloads(delivery, accountSid) : [callbackPayload(delivery)],

  reduce: reduceTwilio,

  statesErrorCodes: true,

  silenceLimitMs: LONGEST_STAY_MS,
  whenUnavailable: { 'retry-after': '1' },
}

function accountOf(delivery: Delivery): string | null | undefined {
  if (!isJson(delivery)) return parametersOf(delivery).get('AccountSid')
  return summaryAccount(objectOf(cloudEventsOf(delivery)[0]?.data) ?? {})
}

function callbackPayload(delivery: Delivery): Payload {
  const value = keptForm(Object.fromEntries(parametersOf(delivery)))
  return { key: callbackEvent(readCallback(value))?.key ?? digestOf(JSON.stringify(value)), value }
}

function summaryPayloads(delivery: Delivery, accountSid: string): Payload[] {
  return cloudEventsOf(delivery).map(event => {
    if (summaryAccount(objectOf(event.data) ?? {}) !== accountSid) {
      throw new JunkError(`Event ${event.id} names another account than ${accountSid}.`)
    }
    return { key: eventKey(event), value: keptForm(event.envelope) }
  })
}
