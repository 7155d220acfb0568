import Type from 'typebox'
import { CODECS, ROOM_TYPES } from '../event.ts'
import { RoomRecord } from '../fold/room-record.ts'
import { ApiError } from '../http/errors.ts'
import type { Operation } from '../http/operation.ts'
import { listBody, listRequest, Meta, pageOf, pageParameters } from '../http/paging.ts'
import { roomInPath } from '../http/path-sid.ts'
import { moment, parseQuery, type RawQuery, text, textsGiven, words } from '../http/query.ts'
import type { RecordRow } from '../store/rooms/records.ts'

export const ROOMS_PATH = '/v1/Video/Rooms'
const DEFAULT_WINDOW_MS = 24 * 60 * 60_000

/** The Room resource as it is served. */
export const Room = Type.Object({
  ...RoomRecord.properties,
  url: Type.String({ format: 'uri' }),
  links: Type.Object({ participants: Type.String({ format: 'uri' }) }),
})

const filters = {
  RoomType: words(ROOM_TYPES, 'Only rooms of these types.'),
  Codec: words(CODECS, 'Only rooms in which one of these codecs was used.'),
  RoomName: text({ description: 'Only rooms of exactly this name.' }),
  CreatedAfter: moment({ description: 'Only rooms that started at or after this moment.' }),
  CreatedBefore: moment({ description: 'Only rooms that started before this moment.' }),
}

const parameters = { ...filters, ...pageParameters }

export const listRooms: Operation = {
  id: 'ListVideoRoomSummary',
  tag: 'Rooms',
  path: ROOMS_PATH,
  summary: 'List rooms, newest first',
  description:
    'Without CreatedAfter and CreatedBefore: the rooms in progress and those that ended in the last 24 hours.',
  parameters,
  response: Type.Object({ meta: Meta, rooms: Type.Array(Room) }),

  async run({ store, clock }, { accountSid, baseUrl, query }) {
    const parsed = parseQuery(parameters, query)
    const list = listRequest({
      key: 'rooms',
      accountSid,
      baseUrl,
      path: ROOMS_PATH,
      filters: filtersGiven(query),
      query: parsed,
      nowMs: clock(),
    })
    const { CreatedAfter: after, CreatedBefore: before } = parsed
    const isDated = after !== undefined || before !== undefined
    const filter = {
      types: parsed.RoomType ?? [],
      codecs: parsed.Codec ?? [],
      name: parsed.RoomName,
      createdFromMs: after === undefined ? undefined : nextSecond(after),
      createdToMs: before === undefined ? undefined : nextSecond(before),
      endedFromMs: isDated ? undefined : list.firstPageMs - DEFAULT_WINDOW_MS,
    }
    const rows = await store.records.rooms(accountSid, filter, pageOf(list))
    return listBody(list, rows, row => roomJson(row, baseUrl))
  },
}

export const fetchRoom: Operation = {
  id: 'FetchVideoRoomSummary',
  tag: 'Rooms',
  path: `${ROOMS_PATH}/{RoomSid}`,
  summary: 'Fetch a room',
  description: "The room is named by its SID, or by LiveKit's own id (RM_…).",
  parameters: {},
  response: Room,

  async run({ store }, request) {
    const { accountSid, baseUrl } = request
    const sid = roomInPath(request)
    const record = sid && (await store.records.room({ accountSid, roomSid: sid }))
    if (!record) throw new ApiError('notFound')
    return roomJson({ sid, record }, baseUrl)
  },
}

function roomJson({ sid, record }: Pick<RecordRow, 'sid' | 'record'>, baseUrl: string): string {
  const url = `${baseUrl}${ROOMS_PATH}/${sid}`
  const own = { url, links: { participants: `${url}/Participants` } }
  return `${record.slice(0, -1)},${JSON.stringify(own).slice(1)}`
}

/** The filters as they were given, in the order in which the contract's samples write them. */
function filtersGiven(query: RawQuery): (readonly [string, string])[] {
  return Object.keys(filters).flatMap(name => textsGiven(name, query).map(value => [name, value] as const))
}

/** Rooms are compared by the second they are shown in. */
function nextSecond(ms: number): number {
  return Math.ceil(ms / 1000) * 1000
}
