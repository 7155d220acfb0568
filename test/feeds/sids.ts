import assert from 'node:assert/strict'
import { get, type TestServer } from '../support/test-server.ts'
import { servedParticipants, servedRooms } from './served.ts'

/** Every answer about every room without SIDs, in an order that does not depend on them. */
export async function answersWithoutSids(server: TestServer): Promise<string[]> {
  const answers = (await servedRooms(server)).map(async room => {
    const people = await servedParticipants(server, room.room_sid)
    return JSON.stringify([
      withoutSids(room),
      people
        .map(withoutSids)
        .map(one => JSON.stringify(one))
        .sort(),
    ])
  })
  return (await Promise.all(answers)).sort()
}

/** The members that have nothing to do with SIDs. */
export function withoutSids(record: object): object {
  const named = ['room_sid', 'participant_sid', 'url', 'links']
  return Object.fromEntries(Object.entries(record).filter(([name]) => !named.includes(name)))
}

/** The paths under which rooms and participants were ever served. */
export class ServedPaths {
  readonly #paths = new Set<string>()

  /** Asserts that what was served once is served still, and notes what is served by now. */
  async check(server: TestServer): Promise<void> {
    for (const path of this.#paths) {
      assert.equal((await get(server, path)).status, 200, path)
    }
    for (const room of await servedRooms(server)) {
      const path = `/v1/Video/Rooms/${room.room_sid}`
      this.#paths.add(path)
      for (const one of await servedParticipants(server, room.room_sid)) {
        this.#paths.add(`${path}/Participants/${one.participant_sid}`)
      }
    }
  }
}
