import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readDocument } from '../../support/markdown.ts'
import { startProgram, temporaryFolder } from '../../support/program.ts'
import { ask, rollcallPrints, startServe, told } from '../../support/running-server.ts'
import { until } from '../../support/until.ts'
import type { ServedParticipant, ServedRoom } from '../served.ts'

const PAGE = join(import.meta.dirname, '../../../docs/feeds/events.md')
const ACCOUNT = `AC${'b7'.repeat(16)}`
const TOKEN = 'bridgeToken01234567890123456789012345678'
const WITHIN_MS = 20_000

test('the bridge on the page of this feed records what a stack shows that is polled, also over a restart', async t => {
  const stack = await polledStack(t)
  const folder = await temporaryFolder(t)
  const env = { ROLLCALL_ACCOUNT_SID: ACCOUNT, ROLLCALL_AUTH_TOKEN: TOKEN, LOG_LEVEL: 'warn' }
  const { url } = await startServe(t, { cwd: folder, env })
  const key = told(await rollcallPrints(folder, ['feed', 'add', 'events']), /Bearer (\w+)/)
  await writeFile(join(folder, 'bridge.mjs'), bridgeOf({ stack: stack.url, rollcall: url, key }))
  const startBridge = () =>
    startProgram(t, { cwd: folder, args: [], command: [process.execPath, 'bridge.mjs'] }, /^/)

  stack.groups = [
    { name: 'demo', clients: [{ id: 'a' }, { id: 'b' }] },
    { name: 'idle' }, // Galene leaves out an empty list
  ]
  const bridge = await startBridge()
  const isListed = (count: number) => (people: ServedParticipant[]) => people.length === count
  const first = await shownWhen(url, isListed(2))
  assert.deepEqual(first.people.map(nativeIdOf).sort(), ['a', 'b'])
  await bridge.stop('SIGKILL')

  stack.groups = [{ name: 'demo', clients: [{ id: 'b' }, { id: 'c' }] }]
  await startBridge()
  const second = await shownWhen(url, isListed(3))
  assert.equal(second.room?.room_sid, first.room?.room_sid)
  assert.equal(second.room?.unique_participant_identities, 0)
  const [a, b, c] = ['a', 'b', 'c'].map(id => second.people.find(one => nativeIdOf(one) === id))
  assert.deepEqual([a?.status, a?.end_reason], ['completed', 'unknown'])
  assert.deepEqual(a?.properties.inferred, ['duration_sec', 'end_reason', 'join_time', 'leave_time'])
  assert.deepEqual([b?.status, c?.status], ['in_progress', 'in_progress'])

  stack.groups = [{ name: 'demo' }]
  const third = await shownWhen(url, (_, room) => room.room_status === 'completed')
  assert.ok(third.room?.properties.inferred.includes('end_time'))
  const endOfB = third.people.find(one => nativeIdOf(one) === 'b')
  assert.deepEqual([endOfB?.leave_time, endOfB?.end_reason], [third.room?.end_time, 'room_ended'])

  stack.groups = [{ name: 'demo', clients: [{ id: 'd' }] }]
  const fourth = await shownWhen(url, people => people.some(one => nativeIdOf(one) === 'd'))
  assert.equal(fourth.rooms, 2)
})

/** The bridge as it is printed, with addresses and keys put in, and with a short pause. */
function bridgeOf({ stack, rollcall, key }: { stack: string; rollcall: string; key: string }): string {
  const [script, ...others] = readDocument(PAGE).blocks.filter(({ language }) => language === 'js')
  assert.ok(script !== undefined && others.length === 0)
  return [
    ['https://galene.example.com:8443', stack],
    ['admin:your_password', LOGIN],
    ['http://127.0.0.1:8080', rollcall],
    ['your_feed_key', key],
    ['pause(10_000)', 'pause(50)'],
  ].reduce((text, [printed = '', real = '']) => {
    assert.ok(text.includes(printed), printed)
    return text.replace(printed, real)
  }, script.text)
}

const LOGIN = 'admin:secret'

/** A server that answers like Galene's statistics, and only with the login. */
async function polledStack(t: TestContext) {
  const stack = { url: '', groups: [] as { name: string; clients?: { id: string }[] }[] }
  const server = createServer(({ url, headers }, response) => {
    const isAllowed = headers.authorization === `Basic ${btoa(LOGIN)}` && url === '/galene-api/v0/.stats'
    response.writeHead(isAllowed ? 200 : 401).end(isAllowed ? JSON.stringify(stack.groups) : 'Unauthorized')
  })
  server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  stack.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on a port
  return stack
}

/** The newest room, its participants and the number of rooms, once they are as is waited for. */
async function shownWhen(url: string, isSo: (people: ServedParticipant[], room: ServedRoom) => boolean) {
  const get = async (path: string) => JSON.parse((await ask(url, path, ACCOUNT, TOKEN)).text)
  return await until('the records', WITHIN_MS, async () => {
    const { rooms } = await get('/v1/Video/Rooms')
    const found: { room: ServedRoom; people: ServedParticipant[] }[] = []
    for (const room of rooms) {
      const { participants } = await get(`/v1/Video/Rooms/${room.room_sid}/Participants`)
      found.push({ room, people: participants })
    }
    const match = found.find(({ room, people }) => isSo(people, room))
    return match && { ...match, rooms: rooms.length }
  })
}

function nativeIdOf(one: ServedParticipant): string | null {
  return one.properties.native_participant_sid
}
