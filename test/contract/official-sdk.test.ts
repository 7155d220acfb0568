import assert from 'node:assert/strict'
import { test } from 'node:test'
import twilio from 'twilio'
import { ACCOUNT, get, TOKEN, testServer } from '../support/test-server.ts'
import { publishedPaths, violationsOf } from './published-openapi.ts'
import { tellCrowd, tellRooms } from './rooms-told.ts'

const COUNT = 230

test('the official npm SDK reads rooms and participants unmodified', async t => {
  const server = await testServer(t)
  const { lesson } = await tellRooms(server)
  const crowd = await tellCrowd(server, 'crowd', COUNT)
  const baseUrl = await server.app.listen({ host: '127.0.0.1', port: 0 })
  const client = twilio(ACCOUNT, TOKEN)
  client.insights.baseUrl = baseUrl
  const rooms = client.insights.v1.rooms

  await t.test('list gives every participant exactly once, whatever the page size', async () => {
    for (const pageSize of [undefined, 1, 50, 229, 230, 1000]) {
      const options = pageSize === undefined ? {} : { pageSize }
      const listed = await rooms(crowd).participants.list(options)
      assert.equal(new Set(listed.map(one => one.participantSid)).size, COUNT)
      assert.equal(listed.length, COUNT)
    }
  })

  await t.test('limit 5000 asks for a page of 5000, is served 1000, and gets all', async () => {
    const listed = await rooms(crowd).participants.list({ limit: 5000 })
    assert.equal(listed.length, COUNT)
    assert.equal((await rooms(crowd).participants.list({ limit: 7 })).length, 7)
  })

  await t.test('each walks all pages', async () => {
    const seen: string[] = []
    await new Promise<void>((resolve, reject) => {
      rooms(crowd).participants.each({
        pageSize: 100,
        callback: one => void seen.push(one.participantSid),
        done: (error?: Error) => (error ? reject(error) : resolve()),
      })
    })
    assert.equal(new Set(seen).size, COUNT)
  })

  await t.test('page, nextPage, previousPage and getPage agree', async () => {
    const first = await rooms(crowd).participants.page({ pageSize: 100 })
    const second = await first.nextPage()
    const third = await second?.nextPage()
    assert.deepEqual(
      [first, second, third].map(page => page?.instances.length),
      [100, 100, 30],
    )
    assert.equal(await third?.nextPage(), undefined)
    const back = await third?.previousPage()
    assert.deepEqual(sids(back), sids(second))
    const again = await rooms(crowd).participants.getPage(first.nextPageUrl ?? '')
    assert.deepEqual(sids(again), sids(second))
    assert.equal(first.previousPageUrl, undefined)
  })

  await t.test('dates are dates, and what is unknown is null', async () => {
    const [ann, bob] = await rooms(lesson).participants.list()
    assert.deepEqual(ann?.joinTime, new Date('2026-03-01T11:01:00Z'))
    assert.deepEqual(ann?.leaveTime, new Date('2026-03-01T11:31:00Z'))
    assert.equal(ann?.durationSec, 1800)
    assert.deepEqual(ann?.codecs, ['VP8', 'opus'])
    assert.equal(ann?.errorCode, null)
    assert.equal(bob?.endReason, 'connection_lost')
    assert.equal(bob?.errorCode, 53405)
    const [eve] = await rooms('RM_open').participants.list()
    assert.equal(eve?.leaveTime, null)
    assert.equal(eve?.durationSec, null)
    assert.equal(eve?.status, 'in_progress')
  })

  await t.test('rooms are listed by their filters and fetched', async () => {
    const room = await rooms(lesson).fetch()
    assert.deepEqual(room.createTime, new Date('2026-03-01T11:00:00Z'))
    assert.equal(room.uniqueParticipants, 2)
    assert.equal(room.totalParticipantDurationSec, 1980)
    const after = new Date('2026-03-01T10:00:00Z')
    const found = await rooms.list({ roomType: ['group', 'go'], codec: ['VP8'], createdAfter: after })
    assert.deepEqual(
      found.map(one => one.roomName),
      ['lesson'],
    )
    assert.deepEqual(
      (await rooms.list({ roomName: 'open' })).map(one => one.roomStatus),
      ['in_progress'],
    )
    const participant = await rooms(lesson).participants('PA_ann').fetch()
    assert.equal(participant.participantIdentity, 'ann')
  })

  await t.test('errors are RestExceptions with code and status', async () => {
    const unknown = rooms(`RM${'0'.repeat(32)}`)
    const expected = { name: 'Error', status: 404, code: 20404 }
    await assert.rejects(unknown.fetch(), expected)
    await assert.rejects(unknown.participants.list(), expected)
    const stranger = twilio(ACCOUNT, 'wrong')
    stranger.insights.baseUrl = baseUrl
    await assert.rejects(stranger.insights.v1.rooms.list(), { status: 401, code: 20003 })
  })
})

test('the published OpenAPI agrees with every answer of every operation', async t => {
  const server = await testServer(t)
  const { lesson, open } = await tellRooms(server)
  for (const path of publishedPaths) {
    for (const room of [lesson, open]) {
      const who = room === lesson ? 'PA_bob' : 'PA_eve'
      const url = path.replace('{RoomSid}', room).replace('{ParticipantSid}', who)
      const { status, body } = await get(server, url)
      assert.equal(status, 200, url)
      assert.deepEqual(violationsOf(path, body), [], url)
    }
  }
  assert.notDeepEqual(violationsOf('/v1/Video/Rooms/{RoomSid}', { room_type: 'hall' }), [])
})

function sids(page: { instances: { participantSid: string }[] } | undefined): string[] | undefined {
  return page?.instances.map(one => one.participantSid)
}
