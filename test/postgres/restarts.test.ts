import assert from 'node:assert/strict'
import { test } from 'node:test'
import { janusNamed } from '../feeds/janus/janus-events.ts'
import { dial } from '../feeds/janus/web-socket.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { until } from '../support/until.ts'
import { loadOn } from './load.ts'
import { assertSameAsOnce } from './same-as-once.ts'
import { addFeeds, serveOver } from './serve-over.ts'

const WITHIN_MS = 30_000
/** 5 s to connect and 15 s for one statement: src/store/engine/postgres/open-postgres.ts. */
const ANSWERED_WITHIN_MS = 20_000
const NATIVES = `select native from feed_payloads where native like '%"index"%' order by seq`

test('PostgreSQL restarts and crashes under load: nothing acknowledged is lost, and service resumes by itself', async t => {
  const postgres = await startPostgres([])
  t.after(() => postgres.remove())
  await postgres.query('create database rollcall')
  const place = postgres.url('rollcall')
  await addFeeds(place)
  const server = await serveOver(t, place)

  const load = loadOn(t, server.url)
  const socket = await keepTelling(server.url)
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    await load.untilEach('taken', `before ${signal}`, WITHIN_MS)
    await postgres.stop(signal)
    await load.untilEach('refused', `after ${signal}`, WITHIN_MS)
    socket.say()
    const beganMs = performance.now()
    await postgres.start()
    await load.untilEach('taken', `after ${signal}`, WITHIN_MS)
    t.diagnostic(`${signal}: taken again ${Math.round(performance.now() - beganMs)} ms after the start began`)
  }
  const sent = await load.stop()
  t.diagnostic(`the slowest answer took ${load.slowestMs()} ms`)
  assert.ok(load.slowestMs() < ANSWERED_WITHIN_MS)
  await socket.assertStored(postgres)
  await assertSameAsOnce(t, server.url, sent)
  assert.equal((await server.stop()).exitCode, 0)
})

/** A Janus that sends over a WebSocket, as fast as the server reads. */
async function keepTelling(url: string) {
  const socket = await dial(url)
  const lab = janusNamed('over a socket')
  let told = 0
  const say = () => {
    for (let count = 0; count < 50; count++, told++) {
      socket.send(JSON.stringify(lab.event(told, 4, { event: { index: told } })))
    }
  }
  say()
  return {
    say,
    /** Asserts that each event is stored once, in the order of sending, and that the socket is still open. */
    async assertStored(postgres: PostgresServer) {
      const stored = await until('all that was told', WITHIN_MS, async () => {
        const rows = await postgres.query(NATIVES, 'rollcall')
        return rows.length >= told
          ? rows.map(({ native }) => JSON.parse(String(native)).event.index)
          : undefined
      })
      assert.deepEqual(stored, [...Array(told).keys()])
      assert.equal(socket.readyState, WebSocket.OPEN)
      socket.close()
    },
  }
}
