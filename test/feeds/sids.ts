import assert from 'node:assert/strict'
import { get, type TestServer } from '../support/test-server.ts'
import { servedParticipants, servedRooms } from './served.ts'

/** All answers about all rooms without SIDs, in an order that does not depend on SIDs. */
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

/** The members that hold no SID. */
export function withoutSids(record: object): object {
  const named = ['room_sid', 'participant_sid', 'url', 'links']
  return Object.fromEntries(Object.entries(record).filter(([name]) => !named.includes(name)))
}

/** The paths under which rooms and participants were served at any time. */
export class ServedPaths {
  readonly #paths = new Set<string>()

  /** Asserts that every path that was served is still served, and adds the paths that are served now. */
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
