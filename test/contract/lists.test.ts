import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deliver, livekitRoom } from '../support/livekit.ts'
import { basic, get, NOW_MS, type TestServer, testServer } from '../support/test-server.ts'
import { tell, tellCrowd, tellRooms } from './rooms-told.ts'

const META_KEYS = ['first_page_url', 'key', 'next_page_url', 'page', 'page_size', 'previous_page_url', 'url']

test('a list body is the array and meta with all seven keys, and nothing else', async t => {
  const server = await testServer(t)
  const { lesson } = await tellRooms(server)
  for (const [url, key] of [
    ['/v1/Video/Rooms', 'rooms'],
    [`/v1/Video/Rooms/${lesson}/Participants`, 'participants'],
  ] as const) {
    const { body } = await get(server, url)
    assert.deepEqual(Object.keys(body).sort(), ['meta', key].sort())
    assert.deepEqual(Object.keys(body.meta).sort(), META_KEYS)
    assert.equal(body.meta.key, key)
    assert.equal(body.meta.page_size, 50)
    assert.equal(body.meta.next_page_url, null)
    assert.equal(body.meta.previous_page_url, null)
    assert.match(body.meta.url, /^http:\/\/localhost(:80)?\/v1\/.*\?PageSize=50&Page=0$/)
    assert.equal(body.meta.first_page_url, body.meta.url)
  }
})

test('a PageSize above 1000 is served as 1000, and page_size says so', async t => {
  const server = await testServer(t)
  const room = await tellCrowd(server, 'crowd', 1005)
  const { body } = await get(server, `/v1/Video/Rooms/${room}/Participants?PageSize=5000`)
  assert.equal(body.meta.page_size, 1000)
  assert.equal(body.participants.length, 1000)
  assert.match(body.meta.next_page_url, /PageSize=1000&Page=1&PageToken=[A-Za-z0-9_-]+$/)
  const { body: last } = await get(server, pathOf(body.meta.next_page_url))
  assert.equal(last.participants.length, 5)
  assert.equal(last.meta.next_page_url, null)
})

test('a full last page has no next page', async t => {
  const server = await testServer(t)
  const room = await tellCrowd(server, 'crowd', 20)
  const pages = await walk(server, `/v1/Video/Rooms/${room}/Participants?PageSize=10`)
  assert.deepEqual(
    pages.map(page => page.participants.length),
    [10, 10],
  )
})

test('next and previous lead to the same pages', async t => {
  const server = await testServer(t)
  const room = await tellCrowd(server, 'crowd', 25)
  const pages = await walk(server, `/v1/Video/Rooms/${room}/Participants?PageSize=10`)
  const { body: second } = await get(server, pathOf(pages[2].meta.previous_page_url))
  assert.deepEqual(second.participants, pages[1].participants)
  assert.equal(second.meta.page, 1)
  const { body: first } = await get(server, pathOf(second.meta.previous_page_url))
  assert.deepEqual(first.participants, pages[0].participants)
  assert.equal(first.meta.previous_page_url, null)
  const { body: again } = await get(server, pathOf(first.meta.next_page_url))
  assert.deepEqual(again.participants, pages[1].participants)
})

test('participants are sorted by join time, then SID, also within one millisecond', async t => {
  const server = await testServer(t)
  const room = livekitRoom('tie', NOW_MS - 60_000)
  const joins = Array.from({ length: 40 }, (_, index) =>
    room.joined(`t${index}`, NOW_MS - 50_000 + (index % 3)),
  )
  await tell(server, joins)
  const { body } = await get(server, `/v1/Video/Rooms/${room.sid}/Participants`)
  const order = body.participants.map((one: { participant_identity: string; participant_sid: string }) => [
    Number(one.participant_identity.slice(1)) % 3,
    one.participant_sid,
  ])
  assert.deepEqual(
    order,
    order.toSorted(([a, x]: [number, string], [b, y]: [number, string]) => a - b || (x < y ? -1 : 1)),
  )
  const pages = await walk(server, `/v1/Video/Rooms/${room.sid}/Participants?PageSize=7`)
  const paged = pages.flatMap(page => page.participants)
  assert.deepEqual(paged, body.participants)
})

test('paging while people join and leave gives every participant whose join time does not change exactly once', async t => {
  const server = await testServer(t)
  const start = NOW_MS - 60 * 60_000
  const room = livekitRoom('busy', start)
  const joinedAt = (index: number) => start + 600_000 + index * 1000
  await tell(
    server,
    Array.from({ length: 30 }, (_, index) => room.joined(`s${index}`, joinedAt(index))),
  )
  const seen: string[] = []
  let url: string | undefined = `/v1/Video/Rooms/${room.sid}/Participants?PageSize=4`
  for (let turn = 0; url !== undefined; turn++) {
    const { body } = await get(server, url)
    seen.push(...body.participants.map((one: { participant_identity: string }) => one.participant_identity))
    await tell(server, [
      room.joined(`early${turn}`, start + turn * 1000),
      room.left(`s${turn}`, joinedAt(turn), NOW_MS - 1000, 'CLIENT_INITIATED'),
    ])
    if (turn < 5) await tell(server, [room.joined(`late${turn}`, NOW_MS - 60_000 + turn)])
    url = body.meta.next_page_url === null ? undefined : pathOf(body.meta.next_page_url)
  }
  const stood = seen.filter(identity => identity.startsWith('s'))
  assert.deepEqual(
    stood,
    Array.from({ length: 30 }, (_, index) => `s${index}`),
  )
  assert.equal(new Set(seen).size, seen.length)
})

test('a page token is bound to account, room and filters, and opaque', async t => {
  const server = await testServer(t)
  const one = await tellCrowd(server, 'one', 3)
  const other = await tellCrowd(server, 'other', 3)
  const { body } = await get(server, `/v1/Video/Rooms/${one}/Participants?PageSize=1`)
  const token = new URL(body.meta.next_page_url).searchParams.get('PageToken') ?? ''
  assert.match(token, /^[A-Za-z0-9_-]+$/)
  for (const url of [
    `/v1/Video/Rooms/${other}/Participants?PageToken=${token}`,
    `/v1/Video/Rooms?PageToken=${token}`,
    `/v1/Video/Rooms/${one}/Participants?PageToken=${token}A`,
    `/v1/Video/Rooms/${one}/Participants?PageToken=${token.slice(1)}`,
    `/v1/Video/Rooms/${one}/Participants?PageToken=x`,
    `/v1/Video/Rooms/${one}/Participants?PageToken=%00`,
  ]) {
    const { status, body: error } = await get(server, url)
    assert.deepEqual([status, error.code], [400, 21481], url)
  }
  const { body: rooms } = await get(server, '/v1/Video/Rooms?PageSize=1&RoomType=group')
  const roomToken = new URL(rooms.meta.next_page_url).searchParams.get('PageToken')
  assert.equal((await get(server, `/v1/Video/Rooms?PageSize=1&PageToken=${roomToken}`)).body.code, 21481)
  assert.equal(
    (await get(server, `/v1/Video/Rooms?PageSize=2&RoomType=group&PageToken=${roomToken}`)).status,
    200,
  )
})

test('without dates: rooms in progress and those that ended within 24 hours of the first page', async t => {
  const server = await testServer(t)
  const hour = 3_600_000
  await told(server, 'old', 40, 30)
  await told(server, 'long', 40, 20)
  await told(server, 'just-in', 25, 24)
  await told(server, 'just-out', 26, 24.001)
  await told(server, 'ghost', 100, undefined)
  await told(server, 'new', 2, 1)
  const names = async (url: string) => (await walk(server, url)).flatMap(page => page.rooms).map(nameOf)
  const expected = ['new', 'just-in', 'long', 'ghost']
  assert.deepEqual(await names('/v1/Video/Rooms'), expected)
  assert.deepEqual(await names('/v1/Video/Rooms?PageSize=1'), expected)
  assert.deepEqual(await names('/v1/Video/Rooms?PageSize=3'), expected)

  const { body: first } = await get(server, '/v1/Video/Rooms?PageSize=1')
  server.clock.nowMs += 12 * hour
  const rest = await walk(server, pathOf(first.meta.next_page_url))
  assert.deepEqual(rest.flatMap(page => page.rooms).map(nameOf), expected.slice(1))
  const { body: back } = await get(server, pathOf(rest.at(-1).meta.previous_page_url))
  assert.deepEqual(back.rooms.map(nameOf), ['long'])
  assert.deepEqual(await names('/v1/Video/Rooms'), ['new', 'ghost'])
})

test('CreatedAfter is inclusive and CreatedBefore exclusive, by the second shown', async t => {
  const server = await testServer(t)
  const start = Date.UTC(2025, 0, 1, 10)
  const rooms = [0, 400, 1000, 2000].map(ms => livekitRoom(`at${ms}`, start + ms))
  for (const room of rooms) await tell(server, [room.started(), room.finished(start + 60_000)])
  const names = async (query: string) =>
    (await get(server, `/v1/Video/Rooms?${query}`)).body.rooms.map(nameOf)
  assert.deepEqual(await names('CreatedAfter=2025-01-01T10:00:01Z'), ['at2000', 'at1000'])
  assert.deepEqual(await names('CreatedAfter=2025-01-01T10:00:00Z'), ['at2000', 'at1000', 'at400', 'at0'])
  assert.deepEqual(await names('CreatedBefore=2025-01-01T10:00:01Z'), ['at400', 'at0'])
  assert.deepEqual(await names('CreatedAfter=2025-01-01T10:00:01Z&CreatedBefore=2025-01-01T10:00:02Z'), [
    'at1000',
  ])
  assert.deepEqual(await names('CreatedBefore=2025-01-01T10:00:00.200Z'), ['at400', 'at0'])
  assert.deepEqual(await names('CreatedAfter=2025-01-01T10:00:00.200Z'), ['at2000', 'at1000'])
  assert.deepEqual(await names('CreatedBefore=2025-01-01'), [])
})

test('filters are kept in every URL of meta', async t => {
  const server = await testServer(t)
  for (const index of [1, 2, 3]) await told(server, `v1.2 & ${index}`, index, undefined)
  const query = 'RoomType=group&RoomType=go&CreatedAfter=2020-01-01T03:00:00%2B02:00&PageSize=1'
  const pages = await walk(server, `/v1/Video/Rooms?${query}`)
  assert.equal(pages.length, 3)
  for (const url of pages.flatMap(({ meta }) => [meta.url, meta.first_page_url, meta.previous_page_url])) {
    if (url === null) continue
    const params = new URL(url).searchParams
    assert.deepEqual(params.getAll('RoomType'), ['group', 'go'])
    assert.equal(params.get('CreatedAfter'), '2020-01-01T03:00:00+02:00')
  }
  const named = await get(server, `/v1/Video/Rooms?RoomName=${encodeURIComponent('v1.2 & 2')}`)
  assert.deepEqual(named.body.rooms.map(nameOf), ['v1.2 & 2'])
  assert.equal(new URL(named.body.meta.url).searchParams.get('RoomName'), 'v1.2 & 2')
})

async function told(
  server: TestServer,
  name: string,
  startedHoursAgo: number,
  endedHoursAgo: number | undefined,
) {
  const room = livekitRoom(name, NOW_MS - startedHoursAgo * 3_600_000, `RM_${name.replace(/\W/g, 'x')}`)
  assert.equal((await deliver(server, room.started())).statusCode, 200)
  if (endedHoursAgo !== undefined) await tell(server, [room.finished(NOW_MS - endedHoursAgo * 3_600_000)])
}

// biome-ignore lint/suspicious/noExplicitAny: bodies are asserted, not trusted
async function walk(server: TestServer, start: string): Promise<any[]> {
  const pages = []
  let url: string | null = start
  while (url !== null) {
    const { status, body } = await get(server, url, basic())
    assert.equal(status, 200, url)
    pages.push(body)
    url = body.meta.next_page_url === null ? null : pathOf(body.meta.next_page_url)
  }
  return pages
}

function nameOf(room: { room_name: string }): string {
  return room.room_name
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}
