import { createHash } from 'node:crypto'
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js'
import { ACCOUNT, type TestServer, TWILIO_TOKEN } from '../../support/test-server.ts'

export const FEED_PATH = '/feeds/twilio'

/** How a request differs from one of a Twilio that was given `http://localhost/feeds/twilio`. */
interface Sent {
  method?: 'POST' | 'GET'
  /** The URL that Twilio was given, and signs. */
  url?: string
  token?: string
  headers?: Readonly<Record<string, string>>
}

type Params = Readonly<Record<string, string | string[]>>

/** A status callback, signed by Twilio's own library. */
export async function postCallback(server: TestServer, params: Params, sent: Sent = {}) {
  const { method = 'POST', url = `http://localhost${FEED_PATH}`, token = TWILIO_TOKEN, headers = {} } = sent
  const form = new URLSearchParams()
  for (const [name, values] of Object.entries(params)) {
    for (const value of [values].flat()) form.append(name, value)
  }
  const full = method === 'GET' ? `${url}?${form}` : url
  const signature = getExpectedTwilioSignature(token, full, method === 'GET' ? {} : params)
  // A URL object would escape characters that Twilio does not escape.
  const [origin = ''] = /^https?:\/\/[^/]+/.exec(full) ?? []
  return await server.app.inject({
    method,
    url: full.slice(origin.length),
    headers: {
      ...{ host: new URL(full).host, 'x-twilio-signature': signature },
      ...(method === 'GET' ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      ...headers,
    },
    ...(method === 'GET' ? {} : { body: form.toString() }),
  })
}

/** A delivery of Event Streams to a webhook sink: JSON, with its hash in the signed URL. */
export async function postSummaries(
  server: TestServer,
  body: unknown,
  { token = TWILIO_TOKEN, hash = (text: string) => createHash('sha256').update(text).digest('hex') } = {},
) {
  const text = JSON.stringify(body)
  const url = `${FEED_PATH}?bodySHA256=${hash(text)}`
  return await server.app.inject({
    ...{ method: 'POST', url, body: text },
    headers: {
      host: 'localhost',
      'content-type': 'application/json',
      'x-twilio-signature': getExpectedTwilioSignature(token, `http://localhost${url}`, {}),
    },
  })
}

/** One Event Streams envelope. */
export function summary(id: string, type: string, data: object) {
  return {
    specversion: '1.0',
    type: `com.twilio.video.insights.${type}`,
    source: `/${ACCOUNT}/VideoInsights`,
    id,
    dataschema: 'https://events-schemas.twilio.com/VideoInsights.VideoLogAnalyzerParticipantSummary/2',
    datacontenttype: 'application/json',
    data,
  }
}
