import assert from 'node:assert/strict'
import { test } from 'node:test'
import { livekitSnapshot as snapshot } from '../../../src/feeds/livekit/snapshot.ts'
import type { SnapshotServer } from '../../../src/feeds/snapshot.ts'
import { ASKED_A_RUN, type AskableRoom, askRooms } from '../../../src/ingest/sweep/ask-rooms.ts'

/** A media server with many rooms, which answers at once. It does not say who is in the rooms named `broken`. */
function crowd(count: number, differing: (index: number) => boolean, broken: (index: number) => boolean) {
  const askedAtMs = Array<number>(count).fill(0)
  const json = Array.from({ length: count }, (_, index) => ({ sid: `RM_${index}`, name: String(index) }))
  const clock = { nowMs: 1_000_000 }
  const server: SnapshotServer = {
    listRooms: async (_, names) => json.filter(({ name }) => names === undefined || names.includes(name)),
    async listParticipants(name) {
      clock.nowMs += 1
      asked.push(Number(name))
      if (broken(Number(name))) throw new Error('broken')
      return []
    },
  }
  let asked: number[] = []
  const compared = new Set<number>()
  return {
    clock,
    compared,
    /** Resolves to the rooms that one run asked, in order. */
    async run(faults: unknown[] = []): Promise<number[]> {
      asked = []
      const rooms = json.map(
        (room, index): AskableRoom => ({
          ...{ roomSid: room.sid, nativeKey: room.sid, name: room.name, json: room },
          ...{ askedAtMs: askedAtMs[index] ?? 0, differs: differing(index) },
        }),
      )
      await askRooms({
        ...{ rooms, snapshot, server, clock: () => clock.nowMs, onFault: error => faults.push(error) },
        async compare({ roomSid, name }, { atMs }) {
          compared.add(Number(name))
          return { roomSid, askedAtMs: atMs, people: { atMs, nativeKeys: [] } }
        },
        async note(all) {
          for (const one of all) askedAtMs[Number(one.roomSid.slice(3))] = one.askedAtMs
        },
      })
      clock.nowMs += 60_000
      return asked
    },
  }
}

const none = () => false

test('one run asks at most 1,000 rooms, and a full round takes as many runs as there are thousands', async () => {
  const all = crowd(2_500, none, none)
  assert.equal((await all.run()).length, ASKED_A_RUN)
  await all.run()
  assert.equal(all.compared.size, 2_000)
  await all.run()
  assert.equal(all.compared.size, 2_500)
})

test('rooms whose numbers differ are asked first, and take half of a run at most', async () => {
  const all = crowd(2_500, index => index >= 1_500, none)
  const first = await all.run()
  assert.deepEqual(first.slice(0, 4), [1_500, 0, 1_501, 1])
  assert.equal(first.filter(index => index < 1_500).length, ASKED_A_RUN / 2)
  for (let run = 0; run < 4; run++) await all.run()
  assert.equal(all.compared.size, 2_500)
})

test('rooms that always fail hold up no others', async () => {
  const isBroken = (index: number) => index < 1_200
  const all = crowd(2_500, isBroken, isBroken)
  const faults: unknown[] = []
  for (let run = 0; run < 5; run++) await all.run(faults)
  assert.equal(all.compared.size, 1_300)
  assert.ok(faults.length > 1_200)
})

test('a slow server is not asked after 40 seconds', async () => {
  const all = crowd(100, none, index => {
    if (index % 2 === 0) all.clock.nowMs += 1_000
    return false
  })
  assert.ok((await all.run()).length < 82)
  await all.run()
  assert.equal(all.compared.size, 100)
})
