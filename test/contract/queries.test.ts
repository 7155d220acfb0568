import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operations } from '../../src/api/index.ts'
import { get, testServer } from '../support/test-server.ts'
import { tellRooms } from './rooms-told.ts'

const DATES = [
  '2026-03-01T11:00:00Z',
  '2026-03-01T13:00:00+02:00',
  '2026-03-01T13:00:00 02:00',
  '2026-03-01T13:00:00+0200',
  '2026-03-01T11:00:00',
  '2026-03-01T11:00:00.000Z',
  '2026-03-01T11:00:00.000000Z',
]

test('a date is understood in every form that an SDK sends', async t => {
  const server = await testServer(t)
  await tellRooms(server)
  for (const date of DATES) {
    const encoded = date.includes(' ') ? date.replace(' ', '+') : encodeURIComponent(date)
    for (const [name, expected] of [
      ['CreatedAfter', 2],
      ['CreatedBefore', 0],
    ] as const) {
      const { status, body } = await get(server, `/v1/Video/Rooms?${name}=${encoded}`)
      assert.equal(status, 200, date)
      assert.equal(body.rooms.length, expected, `${name}=${date}`)
    }
  }
  assert.equal((await get(server, '/v1/Video/Rooms?CreatedAfter=2026-03-01')).body.rooms.length, 2)
  assert.equal((await get(server, '/v1/Video/Rooms?CreatedBefore=2026-03-02')).body.rooms.length, 2)
})

test('snake_case names are understood, unknown parameters are ignored', async t => {
  const server = await testServer(t)
  await tellRooms(server)
  const { body } = await get(server, '/v1/Video/Rooms?room_name=lesson&page_size=3&fancy=1&StartDate=x')
  assert.equal(body.rooms.length, 1)
  assert.equal(body.meta.page_size, 3)
  for (const query of [
    'room_type=go',
    'codec=H264',
    'created_after=2026-03-02',
    'created_before=2026-02-01',
  ]) {
    assert.equal((await get(server, `/v1/Video/Rooms?${query}`)).body.rooms.length, 0, query)
  }
})

test('an array parameter is a repeated name, and matches any of its values', async t => {
  const server = await testServer(t)
  await tellRooms(server)
  for (const [query, expected] of [
    ['RoomType=go&RoomType=group', 2],
    ['RoomType=go', 0],
    ['Codec=VP8', 1],
    ['Codec=H264&Codec=opus', 1],
    ['Codec=H264', 0],
    ['RoomName=lesson&Codec=VP8', 1],
    ['RoomName=less', 0],
  ] as const) {
    assert.equal((await get(server, `/v1/Video/Rooms?${query}`)).body.rooms.length, expected, query)
  }
})

const BAD = [
  ['PageSize', '0'],
  ['PageSize', '-1'],
  ['PageSize', 'ten'],
  ['PageSize', '1.5'],
  ['Page', '-1'],
  ['Page', '1'],
  ['RoomType', 'hall'],
  ['Codec', 'vp8'],
  ['CreatedAfter', 'yesterday'],
  ['CreatedAfter', '2026-02-30'],
  ['CreatedBefore', '2026-13-01T00:00:00Z'],
  ['CreatedBefore', '2026-03-01T25:00:00Z'],
] as const

test('a bad value is 400/20001 and the message names the parameter', async t => {
  const server = await testServer(t)
  const { lesson } = await tellRooms(server)
  for (const operation of operations) {
    const url = operation.path.replace('{RoomSid}', lesson).replace('{ParticipantSid}', 'PA_ann')
    for (const [name, value] of BAD.filter(([known]) => known in operation.parameters)) {
      const { status, body } = await get(server, `${url}?${name}=${value}`)
      assert.deepEqual([status, body.code], [400, 20001], `${url}?${name}=${value}`)
      assert.match(body.message, new RegExp(`\\b${name}\\b`))
    }
  }
  const twice = await get(server, '/v1/Video/Rooms?PageSize=1&PageSize=2')
  assert.deepEqual([twice.status, twice.body.code], [400, 20001])
})

test('a PageSize with any number of digits is served as the largest', async t => {
  const server = await testServer(t)
  for (const size of ['9007199254740991', '9223372036854775807', '1'.repeat(400)]) {
    const { status, body } = await get(server, `/v1/Video/Rooms?PageSize=${size}`)
    assert.deepEqual([status, body.meta?.page_size], [200, 1000], size)
  }
})

test('an empty value counts as not given', async t => {
  const server = await testServer(t)
  await tellRooms(server)
  const { status, body } = await get(server, '/v1/Video/Rooms?RoomName=&PageSize=&CreatedAfter=')
  assert.equal(status, 200)
  assert.equal(body.rooms.length, 2)
})
