import assert from 'node:assert/strict'
import { deliver, livekitRoom } from '../support/livekit.ts'
import { NOW_MS, type TestServer } from '../support/test-server.ts'

const MIN = 60_000

/** Delivers the webhooks of a finished room, an hour ago, and of one in progress. Gives LiveKit's ids of both. */
export async function tellRooms(server: TestServer) {
  const start = NOW_MS - 60 * MIN
  const lesson = livekitRoom('lesson', start + 250)
  const video = { sid: 'TR_v', type: 'VIDEO', mimeType: 'video/VP8' }
  const audio = { sid: 'TR_a', mimeType: 'audio/red' }
  await tell(server, [
    lesson.started(),
    lesson.joined('ann', start + 1 * MIN + 700, { region: 'eu-west', attributes: { sdk: 'swift' } }),
    lesson.published('ann', start + 1 * MIN + 2000, video),
    lesson.published('ann', start + 1 * MIN + 2000, audio),
    lesson.joined('bob', start + 2 * MIN),
    lesson.left('bob', start + 2 * MIN, start + 5 * MIN, 'CONNECTION_TIMEOUT'),
    lesson.left('ann', start + 1 * MIN + 700, start + 31 * MIN, 'CLIENT_INITIATED'),
    lesson.finished(start + 32 * MIN),
  ])
  const open = livekitRoom('open', NOW_MS - 10 * MIN)
  await tell(server, [open.started(), open.joined('eve', NOW_MS - 9 * MIN)])
  return { lesson: lesson.sid, open: open.sid }
}

/** Delivers webhooks in order. Each must be answered 200. */
export async function tell(server: TestServer, payloads: readonly unknown[]): Promise<void> {
  for (const payload of payloads) {
    const response = await deliver(server, payload)
    assert.equal(response.statusCode, 200, response.body)
  }
}

/** Delivers the joins of `count` participants of one room, two in each second. Gives LiveKit's id of the room. */
export async function tellCrowd(server: TestServer, name: string, count: number): Promise<string> {
  const start = NOW_MS - 3 * 60 * MIN
  const room = livekitRoom(name, start)
  const joins = Array.from({ length: count }, (_, index) => room.joined(`p${index}`, start + index * 500))
  await Promise.all(joins.map(payload => deliver(server, payload)))
  return room.sid
}
