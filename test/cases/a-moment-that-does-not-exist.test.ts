/**
 * The time 10:60:00 of an event was read as 10:59:00, and a filter by 10:00 without seconds was refused. A moment is
 * valid or it is not, and events and filters are read by the same rules.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { momentInIso8601, momentInRfc3339 } from '../../src/iso-date.ts'
import { cloudEvent, postCloudEvents } from '../feeds/events/cloud-events.ts'
import { get, testServer } from '../support/test-server.ts'

const VALID = [
  ['2026-02-28T10:59:59Z', '2026-02-28T10:59:59.000Z'],
  ['2026-02-28T10:59:59.1239Z', '2026-02-28T10:59:59.123Z'],
  ['2026-02-28t10:59:59z', '2026-02-28T10:59:59.000Z'],
  ['2026-02-28T01:00:00+23:59', '2026-02-27T01:01:00.000Z'],
  ['2024-02-29T00:00:00-00:00', '2024-02-29T00:00:00.000Z'],
  // A leap second, in UTC and elsewhere (RFC 3339, 5.8).
  ['1990-12-31T23:59:60Z', '1990-12-31T23:59:59.000Z'],
  ['1990-12-31T15:59:60-08:00', '1990-12-31T23:59:59.000Z'],
] as const
const INVALID = [
  ...['2026-02-28T10:60:00Z', '2026-02-28T24:00:00Z', '2026-02-28T10:59:61Z', '2026-02-28T10:59:60Z'],
  ...['2026-02-28T10:59:59+25:00', '2026-02-28T10:59:59+24:00', '2026-02-28T10:59:59+02:60'],
  ...['2026-02-29T10:59:59Z', '2026-13-01T10:59:59Z', '2026-00-10T10:59:59Z', '2026-01-00T10:59:59Z'],
  ...[
    '1990-12-31T23:59:60-08:00',
    '2026-02-28T10:59:59.Z',
    '2026-2-28T10:59:59Z',
    '26-02-28T10:59:59Z',
    'now',
  ],
]
/** Valid for a filter, because an SDK or a person may send it, but not in an event. */
const FILTERS_ONLY = [
  ['2026-02-28', '2026-02-28T00:00:00.000Z'],
  ['2026-02-28T10:59', '2026-02-28T10:59:00.000Z'],
  ['2026-02-28T10:59Z', '2026-02-28T10:59:00.000Z'],
  ['2026-02-28T10:59+02:00', '2026-02-28T08:59:00.000Z'],
  ['2026-02-28T10:59:59', '2026-02-28T10:59:59.000Z'],
  ['2026-02-28T10:59:59+0200', '2026-02-28T08:59:59.000Z'],
  ['2026-02-28T10:59:59 02:00', '2026-02-28T08:59:59.000Z'],
] as const

test('an event has the moment that it states, or is refused', async t => {
  const server = await testServer(t)
  const data = { room: { key: 'r' } }
  for (const [time] of VALID) {
    assert.equal(
      (await postCloudEvents(server, cloudEvent(time, 'room.updated', time, data))).statusCode,
      200,
      time,
    )
  }
  const [room] = (await get(server, '/v1/Video/Rooms?CreatedAfter=1970-01-01')).body.rooms
  const { body } = await get(server, `/v1/Video/Rooms/${room.room_sid}/Events`)
  const times = new Map(body.events.map((event: { key: string; time: string }) => [event.key, event.time]))
  for (const [time, expected] of VALID) assert.equal(times.get(`/test|${time}`), expected)
  for (const time of [...INVALID, ...FILTERS_ONLY.map(([filter]) => filter)]) {
    assert.equal(
      (await postCloudEvents(server, cloudEvent(time, 'room.updated', time, data))).statusCode,
      400,
      time,
    )
  }
})

test('a filter by a moment finds the rooms from that moment on, or is 400', async t => {
  const server = await testServer(t)
  for (const [time, expected] of [...VALID, ...FILTERS_ONLY]) {
    // A room that starts at the first whole second from the moment on, and one a second before.
    const startMs = Math.ceil(Date.parse(expected) / 1000) * 1000
    for (const atMs of [startMs, startMs - 1000]) {
      const at = new Date(atMs).toISOString()
      await postCloudEvents(
        server,
        cloudEvent(at + time, 'room.started', at, { room: { key: at + time, name: time } }),
      )
    }
    const query = new URLSearchParams({ CreatedAfter: time, RoomName: time })
    const { status, body } = await get(server, `/v1/Video/Rooms?${query}`)
    assert.equal(status, 200, time)
    assert.deepEqual(
      body.rooms.map((found: { create_time: string }) => Date.parse(found.create_time)),
      [startMs],
      time,
    )
  }
  for (const time of INVALID) {
    for (const name of ['CreatedAfter', 'CreatedBefore']) {
      const { status, body } = await get(server, `/v1/Video/Rooms?${new URLSearchParams({ [name]: time })}`)
      assert.deepEqual([status, body.code], [400, 20001], time)
      assert.match(body.message, new RegExp(name))
    }
  }
})

const upTo = (max: number) =>
  fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max }) }, fc.integer({ min: 0, max: 99 }))

test('whatever the parts of a moment are, both readers give that moment or refuse it', () => {
  const parts = fc.record({
    year: fc.integer({ min: 1970, max: 2100 }),
    ...{ month: upTo(13), day: upTo(32), hour: upTo(24), minute: upTo(60), second: upTo(61) },
    ...{ zoneHour: upTo(24), zoneMinute: upTo(60), sign: fc.constantFrom('+', '-') },
    fraction: fc.constantFrom('', '.5', '.123456789'),
  })
  fc.assert(
    fc.property(parts, one => {
      const { year, month, day, hour, minute, second, zoneHour, zoneMinute, sign, fraction } = one
      const two = (number: number) => String(number).padStart(2, '0')
      const clock = `${two(hour)}:${two(minute)}:${two(second)}${fraction}`
      const text = `${year}-${two(month)}-${two(day)}T${clock}${sign}${two(zoneHour)}:${two(zoneMinute)}`
      const offsetMin = (zoneHour * 60 + zoneMinute) * (sign === '+' ? 1 : -1)
      const ms = fraction === '' ? 0 : fraction === '.5' ? 500 : 123
      const minuteMs = Date.UTC(year, month - 1, day, hour, minute) - offsetMin * 60_000
      const isDay =
        month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
      const isTime = hour <= 23 && minute <= 59 && zoneHour <= 23 && zoneMinute <= 59
      const isLeap =
        second === 60 && new Date(minuteMs).getUTCHours() === 23 && new Date(minuteMs).getUTCMinutes() === 59
      const isValid = isDay && isTime && (second <= 59 || isLeap)
      const expected = isValid ? minuteMs + Math.min(second, 59) * 1000 + ms : undefined
      assert.equal(momentInRfc3339(text), expected, text)
      assert.equal(momentInIso8601(text), expected, text)
    }),
    { numRuns: 3_000 },
  )
})

test('any text is read or refused, and what events may hold a filter may hold too', () => {
  const likely = fc.array(
    fc.constantFrom(...'0123456789-:.TZtz+ '.split(''), '2026-', '-02', 'T10:', ':59'),
    {
      maxLength: 14,
    },
  )
  fc.assert(
    fc.property(
      fc.oneof(
        likely.map(texts => texts.join('')),
        fc.string({ unit: 'binary' }),
      ),
      text => {
        const [strict, lenient] = [momentInRfc3339(text), momentInIso8601(text)]
        assert.ok(lenient === undefined || Number.isSafeInteger(lenient))
        if (strict !== undefined) assert.equal(lenient, strict)
      },
    ),
    { numRuns: 3_000 },
  )
})
