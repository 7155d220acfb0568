import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { operations } from '../../src/api/index.ts'
import { ERRORS } from '../../src/http/errors.ts'
import {
  ACCOUNT,
  basic,
  get,
  LIVEKIT_KEY,
  OTHER_ACCOUNT,
  OTHER_TOKEN,
  TOKEN,
  testServer,
} from '../support/test-server.ts'
import { tellRooms } from './rooms-told.ts'

const UNKNOWN_ROOM = `RM${'0'.repeat(32)}`
const UNKNOWN_PARTICIPANT = `PA${'0'.repeat(32)}`
const paths = operations.map(({ path }) =>
  path.replace('{RoomSid}', UNKNOWN_ROOM).replace('{ParticipantSid}', UNKNOWN_PARTICIPANT),
)

function assertError(body: unknown, error: keyof typeof ERRORS, status: number) {
  const { code } = ERRORS[error]
  const { message, ...rest } = body as { message: unknown } // asserted just below
  assert.equal(typeof message, 'string')
  assert.deepEqual(rest, { code, status, more_info: `https://www.twilio.com/docs/errors/${code}` })
}

test('without credentials, or with wrong ones, everything under /v1 is 401/20003 with a challenge', async t => {
  const server = await testServer(t)
  const wrong = [
    basic(ACCOUNT, `${TOKEN}x`),
    basic(ACCOUNT, OTHER_TOKEN),
    basic(ACCOUNT, ''),
    basic(OTHER_ACCOUNT, TOKEN),
    basic(`SK${'0'.repeat(32)}`, TOKEN),
    basic("' or 1=1 --", TOKEN),
    { authorization: 'Basic' },
    { authorization: 'Basic !!!' },
    { authorization: `Basic ${Buffer.from('no-colon').toString('base64')}` },
    { authorization: `Bearer ${TOKEN}` },
  ]
  for (const url of [...paths, '/v1', '/v1/nothing']) {
    for (const headers of [{}, ...wrong]) {
      const response = await get(server, url, headers)
      assert.equal(response.status, 401, url)
      const name = Object.keys(headers).length === 0 ? 'noCredentials' : 'unauthorized'
      assertError(response.body, name, 401)
      assert.equal(response.headers['www-authenticate'], 'Basic realm="Rollcall"')
    }
  }
  const lower = { authorization: basic().authorization.replace('Basic', 'basic') }
  assert.equal((await get(server, '/v1/Video/Rooms', lower)).status, 200)
})

test('unknown and malformed SIDs, and those of other accounts, are answered with the same 404/20404', async t => {
  const server = await testServer(t)
  const { lesson } = await tellRooms(server)
  const mine = (await get(server, `/v1/Video/Rooms/${lesson}/Participants`)).body.participants[0]
  const { room_sid: room, participant_sid: participant } = mine
  const notFound = [
    `/v1/Video/Rooms/${UNKNOWN_ROOM}`,
    `/v1/Video/Rooms/${UNKNOWN_ROOM}/Participants`,
    `/v1/Video/Rooms/${UNKNOWN_ROOM}/Participants/${participant}`,
    `/v1/Video/Rooms/${room}/Participants/${UNKNOWN_PARTICIPANT}`,
    '/v1/Video/Rooms/RMshort',
    `/v1/Video/Rooms/RM${'0'.repeat(500)}`,
    '/v1/Video/Rooms/RM_no-such-room',
    '/v1/Video/Rooms/RM_nosuch',
    `/v1/Video/Rooms/${room}/Participants/${room}`,
    `/v1/Video/Rooms/${room}/Participants/x%00y`,
    '/v1/Video/Rooms/%27%20or%201=1/Participants',
    `/v1/video/rooms/${room}`,
    `/v1/Video/Rooms/${room}/participants`,
    '/v1/Video',
    '/v2/Video/Rooms',
    '/nothing',
  ]
  for (const url of notFound) {
    const { status, body } = await get(server, url)
    assert.equal(status, 404, url)
    assertError(body, 'notFound', 404)
    assert.match(body.message, /^The requested resource \/.* was not found$/)
  }
  const other = basic(OTHER_ACCOUNT, OTHER_TOKEN)
  for (const operation of operations.filter(({ path }) => path.includes('{'))) {
    for (const [roomName, participantName] of [
      [room, participant],
      [lesson, 'PA_ann'],
    ]) {
      const url = operation.path.replace('{RoomSid}', roomName).replace('{ParticipantSid}', participantName)
      assert.equal((await get(server, url)).status, 200, url)
      const foreign = await get(server, url, other)
      assert.equal(foreign.status, 404, url)
      assertError(foreign.body, 'notFound', 404)
    }
  }
  assert.deepEqual((await get(server, '/v1/Video/Rooms?CreatedAfter=2000-01-01', other)).body.rooms, [])
})

test('a method that a path does not have is 405/20004 with Allow', async t => {
  const { app } = await testServer(t)
  const cases = paths.flatMap(url =>
    ['POST', 'PUT', 'PATCH', 'DELETE'].map(method => [method, url, 'GET, HEAD, OPTIONS']),
  )
  cases.push(['DELETE', '/feeds/livekit', 'POST, OPTIONS'], ['GET', '/feeds/events', 'POST, OPTIONS'])
  cases.push(['POST', '/openapi.json', 'GET, HEAD, OPTIONS'])
  for (const [method, url, allow] of cases) {
    const response = await app.inject({ method: method as 'POST', url: url ?? '', headers: basic() }) // one of the four
    assert.equal(response.statusCode, 405, `${method} ${url}`)
    assertError(response.json(), 'methodNotAllowed', 405)
    assert.equal(response.headers['allow'], allow)
  }
})

test('a wrong method is 405 also with a body that is not JSON', async t => {
  const { app } = await testServer(t)
  const headers = { ...basic(), 'content-type': 'application/json' }
  const response = await app.inject({ method: 'POST', url: '/v1/Video/Rooms', headers, body: '{' })
  assertError(response.json(), 'methodNotAllowed', 405)
})

test('a body that is too large is 413', async t => {
  const { app } = await testServer(t, { bodyLimitBytes: '1000' })
  const response = await app.inject({
    method: 'POST',
    url: '/feeds/events',
    headers: { 'content-type': 'application/json' },
    body: `"${'x'.repeat(2000)}"`,
  })
  assert.equal(response.statusCode, 413)
  assertError(response.json(), 'bodyTooLarge', 413)
})

test('too many requests of one account are 429/20429 with Retry-After, and other accounts are still answered', async t => {
  const server = await testServer(t, { rateLimitPerMin: '3' })
  for (let index = 0; index < 3; index++) assert.equal((await get(server, '/v1/Video/Rooms')).status, 200)
  const { status, headers, body } = await get(server, '/v1/Video/Rooms')
  assert.equal(status, 429)
  assertError(body, 'tooManyRequests', 429)
  assert.match(String(headers['retry-after']), /^\d+$/)
  assert.equal((await get(server, '/v1/Video/Rooms', basic(OTHER_ACCOUNT, OTHER_TOKEN))).status, 200)
})

test('an internal error is 500/20500, and its details are only in the log', async t => {
  const server = await testServer(t)
  await server.database.transact(connection => connection.run('drop table rooms'))
  const { status, body } = await get(server, '/v1/Video/Rooms')
  assert.equal(status, 500)
  assertError(body, 'internal', 500)
  assert.equal(body.message, 'Internal Server Error')
  assert.ok(server.log.some(line => /no such table|does not exist/.test(line)))
})

test('bytes that are not a request are answered with the error object', async t => {
  const { app } = await testServer(t)
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  const requests = [
    ['nonsense\r\n\r\n', 'badRequest'],
    ['GET /v1/Video/Rooms/%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 'badRequest'],
    [`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 'headersTooLarge'],
    [`GET /openapi.json HTTP/1.1\r\nConnection: close\r\n\r\n`, 'badRequest'],
    [`GET /nothing HTTP/1.1\r\nHost: localhost\r\nExpect: x\r\nConnection: close\r\n\r\n`, 'notFound'],
    ['CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n', 'methodNotAllowed'],
  ] as const
  for (const [request, error] of requests) {
    const answer = await raw(Number(port), request)
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    assert.match(head, new RegExp(`^HTTP/1.1 ${ERRORS[error].status} `), request.slice(0, 60))
    assert.match(head, /^twilio-request-id: RQ[0-9a-f]{32}$/im)
    assert.match(head, /^access-control-allow-origin: \*$/im)
    assertError(JSON.parse(body), error, ERRORS[error].status)
  }
})

test('no secret and no query string is ever logged', async t => {
  const server = await testServer(t)
  await tellRooms(server)
  await get(server, '/v1/Video/Rooms?RoomName=hush-hush&PageSize=0')
  await get(server, '/v1/Video/Rooms?RoomName=hush-hush')
  await get(server, '/v1/nothing?secret=hush-hush')
  await server.app.inject({
    method: 'POST',
    url: '/feeds/livekit?key=hush-hush',
    headers: { authorization: 'a.hush-hush.c' },
  })
  const log = server.log.join('')
  assert.ok(log.includes('/v1/Video/Rooms'))
  for (const secret of ['hush-hush', TOKEN, basic().authorization.slice(6), 'turn-password']) {
    assert.ok(!log.includes(secret), secret)
  }
  assert.ok(!log.includes(LIVEKIT_KEY) || !log.includes('Bearer'))
})

async function raw(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', chunk => {
    answer += chunk
  })
  socket.end(request)
  await once(socket, 'close')
  return answer
}
