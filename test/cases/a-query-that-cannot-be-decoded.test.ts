/**
 * RoomName=%FF was taken as a room whose name is the three characters %FF. The list was empty, and nothing said that the
 * filter was not what the client had meant.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { operations } from '../../src/api/index.ts'
import { tellRooms } from '../contract/rooms-told.ts'
import { basic, get, testServer } from '../support/test-server.ts'

const MALFORMED = ['%', '%F', '%zz', '%FF', '%E0%A4', '%ED%A0%80', '%C0%AF', 'a%2', '%u00e9']

test('a value that cannot be decoded is 400, and the message names the parameter', async t => {
  const server = await testServer(t)
  const { lesson } = await tellRooms(server)
  for (const { path, parameters } of operations) {
    const url = path.replace('{RoomSid}', lesson).replace('{ParticipantSid}', 'PA_ann')
    for (const name of Object.keys(parameters)) {
      for (const value of MALFORMED) {
        const answer = await get(server, `${url}?${name}=${value}`)
        assert.deepEqual([answer.status, answer.body.code], [400, 20001], `${url}?${name}=${value}`)
        assert.match(answer.body.message, new RegExp(`\\b${name}\\b`))
      }
    }
  }
  const second = await get(server, '/v1/Video/Rooms?RoomType=go&RoomType=%FF')
  assert.match(second.body.message, /RoomType/)
  const snakeCase = await get(server, '/v1/Video/Rooms?room_name=%FF')
  assert.match(snakeCase.body.message, /RoomName/)
})

test('so is a path', async t => {
  const server = await testServer(t)
  const { lesson } = await tellRooms(server)
  for (const value of MALFORMED) {
    for (const path of [`/v1/Video/Rooms/${value}`, `/v1/Video/Rooms/${lesson}/Participants/${value}`]) {
      const { status, body } = await get(server, path)
      assert.deepEqual([status, body.code], [400, 20001], path)
      assert.ok(body.message.includes(path), body.message)
    }
  }
})

test('bytes beyond ASCII that are not encoded are 400 too', async t => {
  const server = await testServer(t)
  const address = await server.app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect(Number(new URL(address).port), '127.0.0.1')
  const { authorization } = basic()
  socket.write(
    `GET /v1/Video/Rooms?RoomName=Zoë HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\nconnection: close\r\n\r\n`,
  )
  let text = ''
  socket.on('data', data => {
    text += data
  })
  await once(socket, 'close')
  assert.match(text, /^HTTP\/1\.1 400 /)
})

test('an unknown parameter is ignored, whatever it holds', async t => {
  const server = await testServer(t)
  for (const query of ['fancy=%FF', '%FF=1', '%', '&&=&', 'constructor=1', '__proto__=1']) {
    assert.equal((await get(server, `/v1/Video/Rooms?${query}`)).status, 200, query)
  }
})

test('every text that is encoded is read as it was, also in the URL of the next page', async t => {
  const server = await testServer(t)
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1 }), async name => {
      for (const query of [new URLSearchParams({ RoomName: name }), `RoomName=${encodeURIComponent(name)}`]) {
        const { status, body } = await get(server, `/v1/Video/Rooms?${query}`)
        assert.equal(status, 200)
        assert.equal(new URL(body.meta.url).searchParams.get('RoomName'), name)
      }
    }),
    { numRuns: 100 },
  )
})
