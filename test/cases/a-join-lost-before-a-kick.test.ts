/**
 * Janus 1.3 repeats the display name (and the metadata) in `leaving`, `kicked` and `unpublished`. If all that came before
 * was lost, the record of whoever left or was kicked has that name. A display name is never the identity, and a leave does
 * not show that there was no opaque id.
 *
 * The members of these events are those that janus_videoroom_leave_or_unpublish writes, in src/plugins/janus_videoroom.c
 * of Janus 1.3 (github.com/meetecho/janus-gateway).
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { janus } from '../feeds/janus/janus-events.ts'
import { janusServer, tell } from '../feeds/janus/janus-server.ts'
import { roomsByStart } from '../feeds/janus/told.ts'
import { assertNumbersAgree } from '../feeds/numbers.ts'
import { servedParticipants } from '../feeds/served.ts'

const lab = janus()
const ann = lab.person('ann@example.com', { id: 42 })
const named = (event: string, at: number, display: string) =>
  lab.plugin(at, { event, room: 1234, id: 42, display, metadata: { seat: 'A1' } })
const { opaque_id: _, ...noOpaqueId } = ann.from
const joins = (at: number, more: object, from: object = ann.from) =>
  lab.plugin(at, { event: 'joined', room: 1234, id: 42, private_id: 7, ...more }, from)
const publishes = (at: number, more: object, from: object = ann.from) =>
  lab.plugin(at, { event: 'published', room: 1234, id: 42, streams: [], ...more }, from)

/** What came, and the identity, the display name and the leave of the only record. */
const STORIES: Record<string, { told: object[]; record: [string | null, string | null, string | null] }> = {
  'only the kick came': { told: [named('kicked', 30, 'Ann')], record: [null, 'Ann', '11:00:30'] },
  'only the leave came': { told: [named('leaving', 30, 'Ann')], record: [null, 'Ann', '11:00:30'] },
  'only a leave of an earlier Janus came': { told: [lab.leaving(30, 42)], record: [null, null, '11:00:30'] },
  'an unpublication after a sign without a name': {
    told: [{ ...ann.configures(5), opaque_id: undefined }, named('unpublished', 9, 'Ann')],
    record: ['42', 'Ann', null],
  },
  'a leave after a sign with an opaque id': {
    told: [ann.configures(5), named('leaving', 30, 'Ann')],
    record: ['ann@example.com', 'Ann', '11:00:30'],
  },
  'the join stated the opaque id and the name': {
    told: [joins(1, { display: 'Ann' }), named('unpublished', 9, 'Annie'), named('leaving', 30, 'Annie')],
    record: ['ann@example.com', 'Annie', '11:00:30'],
  },
  'the join stated the name alone': {
    told: [joins(1, { display: 'Ann' }, noOpaqueId), named('kicked', 30, 'Annie')],
    record: ['42', 'Annie', '11:00:30'],
  },
  'the join stated no name, the publication does': {
    told: [
      joins(1, {}, noOpaqueId),
      publishes(2, { display: 'Ann' }, noOpaqueId),
      named('kicked', 30, 'Annie'),
    ],
    record: ['42', 'Annie', '11:00:30'],
  },
  'the publication states another name, which is the latest': {
    told: [joins(1, { display: 'Ann' }, noOpaqueId), publishes(2, { display: 'Annie' }, noOpaqueId)],
    record: ['42', 'Annie', null],
  },
}

for (const [name, { told, record }] of Object.entries(STORIES)) {
  test(`a display name fills what is missing: ${name}`, async t => {
    const server = await janusServer(t)
    await tell(server, told)
    const [room] = await roomsByStart(server)
    const [one, ...others] = await servedParticipants(server, room?.room_sid ?? '')
    assert.deepEqual(others, [])
    const { participant_identity, leave_time, properties } = one ?? assert.fail('nobody is listed')
    const leave = leave_time?.slice(11, 19) ?? null
    assert.deepEqual([participant_identity, properties.display_name, leave], record)
    await assertNumbersAgree(server)
  })
}
