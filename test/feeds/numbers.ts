import assert from 'node:assert/strict'
import { basic, type TestServer } from '../support/test-server.ts'
import { type ServedParticipant, type ServedRoom, servedParticipants, servedRooms } from './served.ts'

/** All answers about all rooms, as the text that is sent. */
export async function answersOf(server: TestServer): Promise<string[]> {
  const paths = ['/v1/Video/Rooms?CreatedAfter=2000-01-01', '/v1/Video/Rooms']
  for (const room of await servedRooms(server)) {
    const path = `/v1/Video/Rooms/${room.room_sid}`
    const people = await servedParticipants(server, room.room_sid)
    paths.push(path, `${path}/Participants`)
    paths.push(...people.map(one => `${path}/Participants/${one.participant_sid}`))
  }
  const answers = paths.map(async url => {
    const { statusCode, body } = await server.app.inject({ url, headers: basic() })
    return `${statusCode} ${url} ${body}`
  })
  return await Promise.all(answers)
}

/** Asserts that the numbers of each room follow from the participants that are listed. */
export async function assertNumbersAgree(server: TestServer): Promise<void> {
  for (const room of await servedRooms(server)) {
    const people = await servedParticipants(server, room.room_sid)
    const counted = people.filter(one => one.properties.counted)
    const identities = counted.flatMap(one => one.participant_identity ?? [])
    assert.deepEqual(numbersOf(room), {
      unique_participants: counted.length,
      unique_participant_identities: new Set(identities).size,
      concurrent_participants: peakOf(counted),
      total_participant_duration_sec: counted.reduce((sum, one) => sum + (one.duration_sec ?? 0), 0),
      codecs: room.codecs.filter(codec => people.some(one => one.codecs.includes(codec))),
    })
    const isInferred = counted.some(
      one =>
        one.join_time === null ||
        one.properties.inferred.some(name => /^(join_time|leave_time|duration_sec)$/.test(name)),
    )
    for (const name of ['concurrent_participants', 'total_participant_duration_sec']) {
      assert.equal(room.properties.inferred.includes(name), isInferred, name)
    }
    assert.ok(people.every(one => one.codecs.every(codec => room.codecs.includes(codec))))
    const { create_time, end_time, duration_sec } = room
    assert.equal(duration_sec, end_time === null ? null : secOf(end_time) - secOf(create_time))
    for (const one of people) assertDurationAgrees(one)
  }
}

/** Deletes all that was received and remembered, so that the same story can be delivered again under the same SIDs. */
export async function forgetRooms({ database }: TestServer): Promise<void> {
  await database.transact(async connection => {
    for (const table of ['events', 'participants', 'rooms', 'feed_memory', 'feed_payloads']) {
      await connection.run(`delete from ${table}`)
    }
  })
}

function numbersOf(room: ServedRoom) {
  const { unique_participants, unique_participant_identities, concurrent_participants } = room
  const { total_participant_duration_sec, codecs } = room
  return {
    ...{ unique_participants, unique_participant_identities, concurrent_participants },
    ...{ total_participant_duration_sec, codecs },
  }
}

/**
 * The peak, counted second by second. A stay fills the seconds from its join to its leave, at least one. A stay without
 * a known join fills only the second of its leave.
 */
function peakOf(stays: readonly ServedParticipant[]): number {
  const spans = stays.flatMap(({ join_time, leave_time }) => {
    const first = join_time ?? leave_time
    if (first === null) return []
    const joinSec = secOf(first)
    return [{ joinSec, endSec: leave_time === null ? Infinity : Math.max(secOf(leave_time), joinSec + 1) }]
  })
  const firstSec = Math.min(...spans.map(span => span.joinSec))
  const lastSec = Math.max(...spans.map(span => span.joinSec))
  let peak = 0
  for (let sec = firstSec; sec <= lastSec; sec++) {
    peak = Math.max(peak, spans.filter(span => span.joinSec <= sec && sec < span.endSec).length)
  }
  return peak
}

function assertDurationAgrees({ join_time, leave_time, duration_sec }: ServedParticipant): void {
  if (join_time === null || leave_time === null) assert.equal(duration_sec, null)
  else assert.equal(duration_sec, secOf(leave_time) - secOf(join_time))
  assert.ok(duration_sec === null || duration_sec >= 0)
}

function secOf(timestamp: string): number {
  return Date.parse(timestamp) / 1000
}
