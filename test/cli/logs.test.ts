import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { runProgram, temporaryFolder } from '../support/program.ts'
import { ask, deliverWebhook, rollcallPrints, startServe, told } from '../support/running-server.ts'
import { until } from '../support/until.ts'

const TOKEN = 'accountTokenThatNoLogMayShow012345'
const SECRET = 'livekitSecretThatNoLogMayShow01234'
const HIDDEN = 'wordOfAQueryThatNoLogMayShow'

test('no secret and no query string is logged for any request, even at the level trace', async t => {
  const cwd = await temporaryFolder(t)
  const running = await startServe(t, {
    cwd,
    args: ['--log-level', 'trace'],
    env: { ROLLCALL_AUTH_TOKEN: TOKEN, LIVEKIT_API_KEY: 'APIx', LIVEKIT_API_SECRET: SECRET },
  })
  const { url, accountSid } = running
  const keyed = await rollcallPrints(cwd, ['key', 'add'])
  const keySecret = told(keyed, /^Secret +(\S+)$/m)
  const query = `?RoomName=${HIDDEN}&PageSize=2&token=${TOKEN}`
  const paths = ['/v1/Video/Rooms', '/v1/Video/Rooms/', `/v1/Video/Rooms/RM${'0'.repeat(32)}`, '/v1/none']
  const queries = [query, `?PageToken=${HIDDEN}`, `?CreatedAfter=${HIDDEN}`, `?%${HIDDEN}`, `?x=%00${HIDDEN}`]
  for (const path of [...paths, '/none', '/docs', '/openapi.json', '/%', '//', `/${'a'.repeat(200)}`]) {
    for (const text of queries) await ask(url, path + text, accountSid, TOKEN)
  }
  const [key = ''] = /SK\w+/.exec(keyed) ?? []
  await ask(url, paths[0] + query, key, keySecret)
  await ask(url, paths[0] + query, accountSid, `${TOKEN}wrong`)
  for (const method of ['POST', 'GET', 'DELETE', 'OPTIONS']) {
    for (const path of ['/feeds/livekit', '/feeds/twilio', '/feeds/events', '/v1/Video/Rooms']) {
      const headers = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' }
      const body = method === 'POST' ? { body: `{"password":"${HIDDEN}` } : {}
      await (await fetch(url + path + query, { method, headers, ...body })).arrayBuffer()
    }
  }
  const payload = {
    event: 'room_started',
    id: 'EV_1',
    room: { sid: 'RM_1', name: 'x', turnPassword: HIDDEN },
  }
  await deliverWebhook(url, payload, ['APIx', SECRET])
  await deliverWebhook(url, payload, ['APIx', TOKEN])
  await sendRaw(url, `GET /v1/Video/Rooms${query} HTTP/9.9\r\nhost: x y\r\n\r\n`)
  await sendRaw(url, `GET /v1/Video/Rooms${query} HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n`)

  const log = await runProgram({ cwd, args: ['feed', 'log', '--database', 'data'] })
  const { stdout, stderr } = await running.stop()
  assert.match(stderr, /"path":"\/v1\/Video\/Rooms"/)
  for (const [name, text] of Object.entries({ stdout, stderr, feedLog: log.stdout })) {
    for (const secret of [TOKEN, SECRET, HIDDEN, keySecret, 'PageSize', 'eyJ']) {
      assert.ok(!text.includes(secret), `${secret} is in ${name}: ${lineWith(text, secret)}`)
    }
  }
})

/** Sends text that no HTTP client would send. Resolves once the server has closed the connection. */
async function sendRaw(url: string, text: string): Promise<void> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname, () => socket.write(text)).resume()
  await until('the connection to be closed', 5_000, () => socket.destroyed || undefined)
}

function lineWith(text: string, word: string): string | undefined {
  return text.split('\n').find(line => line.includes(word))
}
