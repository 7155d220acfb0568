import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type JanusEvent, janus, janusNamed, START_MS } from './janus-events.ts'
import { janusMemory, payloadsOf } from './janus-memory.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

test('a join into a known room reads the memory by one statement, and statistics by two', async () => {
  const memory = janusMemory()
  const lab = janus()
  const [ann, ben] = [lab.person('ann'), lab.person('ben')]
  await memory.tell(ann.comes(1))
  const { connects, makesSession, attaches } = ben
  await memory.tell(connects(2), makesSession(2), attaches(2))
  const readsOf = async (event: JanusEvent) => {
    const before = memory.reads()
    await memory.tell(event)
    return memory.reads() - before
  }
  assert.equal(await readsOf(ben.joins(3)), 1)
  assert.equal(await readsOf(ben.stats(40)), 2)
  assert.equal(await readsOf(ben.leaves(50)), 2)
})

test('a handle that only a join showed is forgotten with its member', async () => {
  const memory = janusMemory()
  const ann = janus().person('ann')
  await memory.tell(ann.connects(1), ann.makesSession(1), ann.joins(2))
  assert.ok(memory.kinds().includes('handle'))
  await memory.tell(ann.leaves(10))
  assert.deepEqual(memory.kinds(), ['emitter', 'room', 'session', 'transport'])
})

test('a transport, a session and a handle without a member are forgotten within two days', async () => {
  const memory = janusMemory()
  const ann = janus().person('ann')
  await memory.tell(ann.connects(0), ann.makesSession(0), ann.attaches(0))
  await memory.expireAt(DAY - 1)
  assert.deepEqual(memory.kinds(), ['emitter', 'handle', 'session', 'transport'])
  await memory.expireAt(DAY)
  assert.ok(!memory.kinds().includes('handle'))
  await memory.expireAt(2 * DAY)
  assert.deepEqual(memory.kinds(), ['emitter'])
})

for (const isSubscribed of [true, false]) {
  const how = isSubscribed ? 'are subscribed' : 'are not subscribed'
  test(`the session of a stay is remembered for as long as the stay lasts: handle events ${how}`, async () => {
    const memory = janusMemory()
    const ann = janus().person('ann')
    await memory.tell(ann.comes(0).filter(({ type }) => isSubscribed || type !== 2))
    for (let hour = 1; hour < 9 * 24; hour++) assert.deepEqual(await memory.expireAt(hour * HOUR), [])
    const kinds = ['emitter', 'handle', 'member', 'room', 'session', 'transport']
    assert.deepEqual(memory.kinds(), kinds)
    const [leave] = await memory.tell(ann.leaves(9 * DAY))
    assert.ok(leave?.kind === 'participant.left')
    assert.equal(leave.endReason, 'client_left', 'which follows from the session')
  })
}

test('a room of the configuration is forgotten ten minutes after it was found to be empty', async () => {
  const memory = janusMemory()
  const ann = janus().person('ann')
  await memory.tell(ann.comes(0), ann.goes(100))
  assert.deepEqual(await memory.expireAt(130), [])
  assert.deepEqual(kindsOf(await memory.expireAt(131)), ['observation.room_empty'])
  assert.deepEqual(await memory.expireAt(131 + 10 * MINUTE - 1), [])
  assert.ok(memory.kinds().includes('room'))
  await memory.expireAt(131 + 10 * MINUTE)
  assert.deepEqual(memory.kinds(), ['emitter'])
})

test('a room that is created by API is forgotten a week after it was found to be empty; until then it can be destroyed', async () => {
  for (const [destroyedAt, kinds] of [
    [7 * DAY, ['room.ended']],
    [9 * DAY, []],
  ] as const) {
    const memory = janusMemory()
    const lab = janus()
    await memory.tell(lab.created(0, 5001))
    assert.deepEqual(kindsOf(await memory.expireAt(DAY + HOUR)), ['observation.room_empty'])
    for (let day = 2; day * DAY <= destroyedAt; day++) assert.deepEqual(await memory.expireAt(day * DAY), [])
    assert.deepEqual(kindsOf(await memory.tell(lab.destroyed(destroyedAt, 5001))), kinds)
  }
})

test('a stay that was found to be silent is forgotten after a day in which the feed was received, and so is its room', async () => {
  const memory = janusMemory()
  const ann = janus().person('ann')
  await memory.tell(ann.comes(0), ann.stats(10))
  assert.deepEqual(kindsOf(await memory.expireAt(10 + 5 * MINUTE)), ['observation.participant_silent'])
  assert.deepEqual(kindsOf(await memory.expireAt(HOUR)), ['observation.room_empty'])
  await memory.expireAt(2 * DAY, false)
  assert.ok(memory.kinds().includes('member'), 'the feed was not heard')
  await memory.expireAt(2 * DAY + HOUR)
  assert.ok(!memory.kinds().includes('member'))
  await memory.expireAt(2 * DAY + 2 * HOUR)
  assert.ok(!memory.kinds().includes('room'))
})

test('a silent stay with a new sign is in the instance of its room that was found to be empty', async () => {
  const memory = janusMemory()
  const lab = janus()
  const [ann, ben] = [lab.person('ann'), lab.person('ben')]
  const [joined] = await memory.tell(ann.comes(0), ann.stats(10))
  await memory.expireAt(10 + 5 * MINUTE)
  await memory.expireAt(HOUR)
  await memory.expireAt(HOUR + 20 * MINUTE)
  assert.deepEqual(kindsOf(await memory.tell(ann.stats(2 * HOUR))), ['participant.updated'])
  const [other] = await memory.tell(ben.comes(2 * HOUR + 1))
  assert.equal(other?.roomSid, joined?.roomSid)
})

test('stays whose room was destroyed, or created again under its id, are forgotten after a day', async () => {
  const lab = janus()
  for (const end of [lab.destroyed(10, 5001), lab.created(10, 5001)]) {
    const memory = janusMemory()
    await memory.tell(lab.created(0, 5001), lab.person('ann', { room: 5001 }).comes(1), end)
    await memory.expireAt(DAY)
    assert.ok(memory.kinds().includes('member'))
    await memory.expireAt(DAY + MINUTE)
    assert.ok(!memory.kinds().includes('member'))
  }
})

test('media are remembered while they flow and their sender is in the room', async () => {
  const ann = janus().person('ann')
  const ends: JanusEvent[][] = [
    [ann.leaves(60)],
    [ann.unpublishes(60)],
    [ann.hangsUp(60)],
    [ann.detaches(60)],
    [janus().started(60)],
    [ann.comes(60)].flat(),
  ]
  for (const end of ends) {
    const memory = janusMemory()
    await memory.tell(ann.comes(0), ann.stats(10), ann.stats(50))
    assert.ok(memory.kinds().includes('media'))
    await memory.tell(end)
    const found = kindsOf(await memory.expireAt(50 + 5 * MINUTE))
    assert.ok(!found.includes('observation.participant_silent'))
    assert.ok(!memory.kinds().includes('media'), JSON.stringify(end))
  }
})

test('a Janus is forgotten a week after its last event, unless somebody is in a room', async () => {
  const memory = janusMemory()
  const [lab, other] = [janusNamed('lab'), janusNamed('other')]
  const [ann, ben] = [lab.person('ann'), other.person('ben')]
  await memory.tell(ann.comes(0), ann.goes(10), ben.comes(0))
  for (let day = 1; day <= 7; day++) await memory.expireAt(day * DAY)
  assert.deepEqual(memory.keys().slice(0, 2), ['emitter|lab|', 'emitter|other|'])
  for (let day = 8; day <= 20; day++) await memory.expireAt(day * DAY)
  assert.deepEqual(memory.keys()[0], 'emitter|other|')
  await memory.tell(ben.goes(20 * DAY))
  for (let day = 21; day <= 28; day++) await memory.expireAt(day * DAY)
  assert.deepEqual(memory.keys(), [])
})

test('a Janus that shuts down and does not start again is forgotten after a day, with all that was there', async () => {
  const memory = janusMemory()
  const lab = janus()
  const [ann, ben] = [lab.person('ann'), lab.person('ben')]
  await memory.tell(ann.comes(0), ben.comes(1), ann.stats(50), lab.stopped(60), ann.leaves(61))
  for (const sec of [HOUR, DAY]) {
    await memory.expireAt(sec)
    assert.ok(memory.kinds().includes('member'))
  }
  await memory.expireAt(DAY + 61)
  assert.deepEqual(memory.keys(), [])
})

test('entries that are due before their time, as after a migration, get their own time and conclude nothing', async () => {
  const memory = janusMemory()
  const lab = janus()
  const [ann, ben, cleo] = [lab.person('ann'), lab.person('ben', { room: 77 }), lab.person('cleo')]
  await memory.tell(ann.comes(0), ann.stats(5), ben.comes(1), ben.leaves(9), cleo.makesSession(2))
  const before = [...memory.rows.values()]
  for (const row of before) {
    const { changedAtMs: _, ...value } = JSON.parse(row.value)
    memory.rows.set(row.key, { ...row, value: JSON.stringify(value), dueMs: 0 })
  }
  assert.deepEqual(await memory.expireAt(10), [])
  const nowMs = START_MS + 10_000
  assert.deepEqual(memory.keys(), before.map(({ key }) => key).sort())
  for (const { key, dueMs } of memory.rows.values()) assert.ok(dueMs === null || dueMs > nowMs, key)
  assert.equal(memory.rows.get('room|janus-1|1234')?.dueMs, null, 'ann is there')
})

test('an empty room is found however many entries wait for a feed that is not received', async () => {
  const memory = janusMemory()
  const lab = janus()
  const people = Array.from({ length: 1_000 }, (_, index) => lab.person(`p${index}`, { room: 77 }))
  const ann = lab.person('ann')
  await memory.tell(people.flatMap(one => [one.joins(0), one.stats(1)]))
  await memory.tell(ann.comes(2), ann.goes(10 * MINUTE))
  const found: string[] = []
  // 1001 entries are looked at 100 at a time.
  for (let sec = 11 * MINUTE; sec < 11 * MINUTE + 12; sec++) {
    found.push(...kindsOf(await memory.expireAt(sec, false)))
  }
  assert.deepEqual(found, ['observation.room_empty'])
})

test('what is over is a payload of Rollcall, and no event of Janus is taken for such a payload', async () => {
  const memory = janusMemory()
  const ann = janus().person('ann')
  const [joined] = await memory.tell(ann.comes(0), ann.stats(10))
  assert.ok(joined?.kind === 'participant.joined')
  const { participantSid } = joined
  const silent = { rollcall: 'silent', emitter: 'janus-1', room: '1234', id: String(ann.id), participantSid }
  const forged = { ...silent, lastMs: START_MS, atMs: START_MS, timestamp: START_MS * 1000, type: 99 }
  assert.ok(payloadsOf([forged]).every(({ value }) => !('rollcall' in value)))
  assert.deepEqual(await memory.tell(forged), [])
  assert.deepEqual(kindsOf(await memory.expireAt(10 + 5 * MINUTE)), ['observation.participant_silent'])
})

function kindsOf(events: readonly { kind: string }[]): string[] {
  return events.map(({ kind }) => kind)
}
