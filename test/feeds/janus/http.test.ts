import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { goOnWriting, stopWriting } from '../../support/outage.ts'
import { basic, OTHER_TOKEN } from '../../support/test-server.ts'
import { deliveriesOf, rowsOf } from '../served.ts'
import { janus } from './janus-events.ts'
import {
  JANUS_PASSWORD,
  JANUS_TOKEN,
  JANUS_USER,
  type JanusTestServer,
  janusServer,
  post,
  tell,
} from './janus-server.ts'
import { staysToldBy } from './told.ts'
import { listen } from './web-socket.ts'

const MB = 1024 * 1024

test('only the token in the path or Basic credentials authorize a delivery', async t => {
  const server = await janusServer(t)
  const good = basic(JANUS_USER, JANUS_PASSWORD)
  const cases: [number, string, Record<string, string>][] = [
    [200, `/feeds/janus/${JANUS_TOKEN}`, {}],
    [200, `/feeds/janus/${JANUS_TOKEN}/`, basic('someone', 'else')],
    [200, '/feeds/janus', good],
    [401, `/feeds/janus/${JANUS_TOKEN}x`, {}],
    [401, `/feeds/janus/${JANUS_TOKEN.slice(1)}`, {}],
    [401, `/feeds/janus/${OTHER_TOKEN}`, good],
    [401, '/feeds/janus', {}],
    [401, '/feeds/janus', basic(JANUS_USER, `${JANUS_PASSWORD}x`)],
    [401, '/feeds/janus', basic(JANUS_USER, JANUS_TOKEN)],
    [401, '/feeds/janus', basic(JANUS_TOKEN, '')],
    [401, '/feeds/janus', basic('', '')],
    [401, '/feeds/janus', { authorization: `Bearer ${JANUS_TOKEN}` }],
    [401, '/feeds/janus', { authorization: 'Basic' }],
    [401, `/feeds/janus?token=${JANUS_TOKEN}`, {}],
  ]
  const lab = janus()
  for (const [index, [status, url, headers]] of cases.entries()) {
    const body = JSON.stringify(lab.person(`p${index}`).joins(index))
    const response = await server.app.inject({ method: 'POST', url, headers, body })
    assert.equal(response.statusCode, status, `${url} ${JSON.stringify(headers)}`)
    assert.equal(typeof response.json()[status === 200 ? 'events' : 'code'], 'number')
  }
  assert.deepEqual(await staysToldBy(server), ['p0 11:00:00-', 'p1 11:00:01-', 'p2 11:00:02-'])
})

test('a body that cannot be read is answered 400, and nothing of it is stored', async t => {
  const server = await janusServer(t)
  const joins = JSON.stringify(janus().person('ann').joins(1))
  const deep = 20_000
  const bodies: Record<string, string | Buffer> = {
    'no body': '',
    'no JSON': '{"emitter":',
    'no UTF-8': Buffer.from([0x7b, 0xff, 0x7d]),
    'no object': '7',
    'a group with something else in it': `[${joins},7]`,
    'a group in a group': `[[${joins}]]`,
    'a group of more than 10000': `[${Array(10_001).fill('{}').join(',')}]`,
    'too deep': `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`,
    'half of a gzip': gzipSync(joins).subarray(0, 30),
    'gzip of junk': gzipSync('junk'),
  }
  for (const [name, body] of Object.entries(bodies)) {
    const response = await post(server, body)
    assert.equal(response.statusCode, 400, `${name}: ${response.body}`)
    assert.equal(response.json().status, 400)
  }
  assert.deepEqual(await rowsOf(server, 'select * from feed_payloads'), [])
  assert.equal((await post(server, '[]')).statusCode, 200, 'an empty group can be read')
})

test('a compressed group that is too large without gzip is refused before it fills the memory', async t => {
  const server = await janusServer(t)
  const bomb = gzipSync(Buffer.alloc(200 * MB, ' '))
  assert.ok(bomb.length < MB, 'the compressed body is within the limit')
  const before = process.memoryUsage().rss
  const response = await post(server, bomb)
  assert.equal(response.statusCode, 400)
  assert.match(response.json().message, /16777216/)
  assert.ok(process.memoryUsage().rss - before < 100 * MB)

  const joins = JSON.stringify(janus().person('ann').joins(1))
  assert.equal((await post(server, gzipSync(joins.padEnd(15 * MB)))).statusCode, 200)
})

test('while nothing can be stored the connection is cut without an answer; Janus repeats the group, which is stored later', async t => {
  const server = await janusServer(t)
  const base = await listen(server)
  const ann = janus().person('ann')
  const body = JSON.stringify(ann.comes(1))
  await stopWriting(server)
  const large = JSON.stringify([...ann.comes(1), { large: 'x'.repeat(100_000) }])
  assert.deepEqual(await answerTo(base, large), 'cut')
  assert.deepEqual(await rowsOf(server, 'select * from feed_payloads'), [])

  await goOnWriting(server)
  assert.equal(await answerTo(base, body), '200')
  assert.deepEqual(await staysToldBy(server), ['ann 11:00:01-'])
  const log = await deliveriesOf(server)
  assert.deepEqual(
    log.map(({ outcome }) => outcome),
    ['unavailable', 'stored'],
  )
})

test('the token is not written into the log', async t => {
  const server = await janusServer(t)
  await tell(server, janus().person('ann').joins(1))
  await askAll(
    server,
    ['/feeds/janus/'],
    ['', '/', '/x', '/x/y', '//', '%2fx', '?a=b', '%', `?token=${JANUS_TOKEN}`],
  )
  assert.deepEqual(linesWithToken(server), [])
  assert.ok(server.log.some(line => line.includes('"/feeds/janus/…"')))
  assert.ok(!JSON.stringify(await deliveriesOf(server)).includes(JANUS_TOKEN))
})

test('the token of a mistyped address is not written into the log either', async t => {
  const server = await janusServer(t)
  const slips = ['//feeds/janus/', '/feeds//janus/', '/feeds/janus//', '/FEEDS/Janus/', '/x/feeds/janus/']
  await askAll(server, slips, ['', '/', '/x', '?a=b'])
  await askAll(server, ['/feeds/janus/'], [`/${JANUS_TOKEN}`])
  assert.deepEqual(linesWithToken(server), [])
})

async function askAll(server: JanusTestServer, starts: readonly string[], ends: readonly string[]) {
  const urls = starts.flatMap(start => ends.map(end => `${start}${JANUS_TOKEN}${end}`))
  for (const url of urls) {
    for (const method of ['POST', 'GET', 'DELETE', 'OPTIONS'] as const)
      await server.app.inject({ method, url })
  }
}

function linesWithToken({ log }: JanusTestServer): string[] {
  const lines = log.filter(line => line.includes(JANUS_TOKEN))
  return [...new Set(lines.map(line => JSON.parse(line).req?.path ?? line))]
}

/** The status of the answer, or `cut` where the connection was closed without one. */
async function answerTo(base: string, body: string): Promise<string> {
  return await new Promise(resolve => {
    const asked = request(`${base}/feeds/janus/${JANUS_TOKEN}`, { method: 'POST' })
    asked.on('response', response => resolve(String(response.resume().statusCode)))
    asked.on('error', () => resolve('cut'))
    asked.end(body)
  })
}
