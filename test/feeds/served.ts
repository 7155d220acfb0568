import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type Type from 'typebox'
import type { Participant } from '../../src/api/participants.ts'
import type { Room } from '../../src/api/rooms.ts'
import { TABLES } from '../../src/store/schema/tables.ts'
import { deliver } from '../support/livekit.ts'
import { ENGINE } from '../support/test-place.ts'
import { basic, get, type TestServer } from '../support/test-server.ts'

export type ServedRoom = Type.Static<typeof Room>
export type ServedParticipant = Type.Static<typeof Participant>

const ALL_ROOMS = '/v1/Video/Rooms?CreatedAfter=2000-01-01&PageSize=1000'

/** The room as the API serves it, found by its SID or by LiveKit's id. */
export async function servedRoom(server: TestServer, sid: string, as = basic()): Promise<ServedRoom> {
  const { status, body } = await get(server, `/v1/Video/Rooms/${sid}`, as)
  assert.equal(status, 200, `room ${sid}: ${JSON.stringify(body)}`)
  return body
}

/** The participants of the room as the API lists them. */
export async function servedParticipants(
  server: TestServer,
  sid: string,
  as = basic(),
): Promise<ServedParticipant[]> {
  const { status, body } = await get(server, `/v1/Video/Rooms/${sid}/Participants?PageSize=1000`, as)
  assert.equal(status, 200, `participants of ${sid}: ${JSON.stringify(body)}`)
  return body.participants
}

/** The only participant of the room. */
export async function servedParticipant(server: TestServer, sid: string): Promise<ServedParticipant> {
  const [only, ...others] = await servedParticipants(server, sid)
  assert.ok(only !== undefined && others.length === 0, `${sid} does not have exactly one participant`)
  return only
}

/** Every room of the account, of any age. */
export async function servedRooms(server: TestServer, as = basic()): Promise<ServedRoom[]> {
  const { body } = await get(server, ALL_ROOMS, as)
  return body.rooms
}

/** Delivers LiveKit webhooks in order. Each must be accepted. */
export async function tell(server: TestServer, ...payloads: readonly unknown[]): Promise<void> {
  for (const payload of payloads) await taken(deliver(server, payload))
}

/** Waits for a delivery, which must be accepted. */
export async function taken(delivery: Promise<{ statusCode: number; body: string }>): Promise<void> {
  const { statusCode, body } = await delivery
  assert.equal(statusCode, 200, body)
}

/** The rows that a statement finds in the database of the server. */
export async function rowsOf({ database }: TestServer, sql: string): Promise<Record<string, unknown>[]> {
  return await database.reader.all(sql)
}

/** All that is stored, as the bytes of its files or as its rows, in which a test searches for secrets. */
export async function allStored(server: TestServer): Promise<string> {
  if (ENGINE === 'sqlite') {
    const names = readdirSync(server.place)
    return names.map(name => readFileSync(join(server.place, name), 'latin1')).join('\n')
  }
  const tables = Object.keys(TABLES).map(table => rowsOf(server, `select * from ${table}`))
  return (await Promise.all(tables)).flat().flatMap(Object.values).join('\n')
}

/** Closes the server, which writes pending log entries, and returns its log of deliveries, oldest first. */
export async function deliveriesOf(server: TestServer) {
  await server.app.close()
  return await server.store.deliveries.last(100)
}

/** Asserts the members that are named, and of `properties` only those that are named there. */
export function assertShows(actual: object | undefined, expected: object, message?: string): void {
  assert.deepEqual(named(actual, expected), expected, message)
}

function named(actual: object | undefined, expected: object): object {
  const members = new Map(Object.entries(actual ?? {}))
  const entries = Object.entries(expected).map(([name, member]) => {
    const value = members.get(name)
    return [name, name === 'properties' ? named(value, member) : value]
  })
  return Object.fromEntries(entries)
}
