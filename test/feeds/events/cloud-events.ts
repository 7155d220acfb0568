import { FEED_KEY, type TestServer } from '../../support/test-server.ts'

const STRUCTURED = 'application/cloudevents+json'

/** POSTs a body to the events feed: by default a JSON value in structured mode, with the feed key. */
export async function postCloudEvents(
  server: TestServer,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
) {
  return await server.app.inject({
    ...{ method: 'POST', url: '/feeds/events' },
    headers: { authorization: `Bearer ${FEED_KEY}`, 'content-type': STRUCTURED, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

/** An envelope with the source of these tests. */
export function cloudEvent(id: string, type: string, time: string, data: unknown) {
  return { specversion: '1.0', id, source: '/test', type, time, data }
}
