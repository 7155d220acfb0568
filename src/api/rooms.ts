import Type from 'typebox'
import { CODECS, ROOM_TYPES } from '../event.ts'
import { RoomRecord } from '../fold/room-record.ts'
import { ApiError } from '../http/errors.ts'
import { list } from '../http/list.ts'
import type { Operation } from '../http/operation.ts'
import { roomInPath } from '../http/path-sid.ts'
import { moment, text, words } from '../http/query.ts'

const ROOMS_PATH = '/v1/Video/Rooms'
const DEFAULT_WINDOW_MS = 24 * 60 * 60_000

/** The Room resource as it is served. */
export const Room = Type.Object(
  {
    ...RoomRecord.properties,
    url: Type.String({ format: 'uri' }),
    links: Type.Object({ participants: Type.String({ format: 'uri' }) }),
  },
  { $id: 'Room' },
)

export const listRooms = list({
  id: 'ListVideoRoomSummary',
  tag: 'Rooms',
  path: ROOMS_PATH,
  summary: 'List rooms, newest first',
  description:
    'Without CreatedAfter and CreatedBefore: the rooms in progress and those that ended in the last 24 hours.',
  ...{ key: 'rooms', item: Room },
  filters: {
    RoomType: words(ROOM_TYPES, 'Only rooms of these types.'),
    Codec: words(CODECS, 'Only rooms in which one of these codecs was used.'),
    RoomName: text({ description: 'Only rooms of exactly this name.' }),
    CreatedAfter: moment({ description: 'Only rooms that started at or after this moment.' }),
    CreatedBefore: moment({ description: 'Only rooms that started before this moment.' }),
  },
  owner: ({ accountSid }) => accountSid,
  pathOf: () => ROOMS_PATH,
  page({ store }, accountSid, { RoomType, Codec, RoomName, CreatedAfter, CreatedBefore }, page) {
    const isDated = CreatedAfter !== undefined || CreatedBefore !== undefined
    const filter = {
      types: RoomType ?? [],
      codecs: Codec ?? [],
      name: RoomName,
      createdFromMs: CreatedAfter === undefined ? undefined : nextSecond(CreatedAfter),
      createdToMs: CreatedBefore === undefined ? undefined : nextSecond(CreatedBefore),
      endedFromMs: isDated ? undefined : page.firstPageMs - DEFAULT_WINDOW_MS,
    }
    return store.records.rooms(accountSid, filter, page)
  },
  render: url => row => roomJson(row.record, `${url}/${row.sid}`),
})

export const fetchRoom: Operation = {
  id: 'FetchVideoRoomSummary',
  tag: 'Rooms',
  method: 'GET',
  path: roomPath('{RoomSid}'),
  summary: 'Fetch a room',
  description: "The room is named by its SID, or by LiveKit's own id (RM_…).",
  parameters: {},
  response: Room,

  async run({ store }, request) {
    const room = roomInPath(request)
    const record = await store.records.room(room)
    if (record === undefined) throw new ApiError('notFound')
    return roomJson(record, request.baseUrl + roomPath(room.roomSid))
  },
}

/** The path of a room. */
export function roomPath(roomSid: string): string {
  return `${ROOMS_PATH}/${roomSid}`
}

function roomJson(record: string, url: string): string {
  const own = { url, links: { participants: `${url}/Participants` } }
  return `${record.slice(0, -1)},${JSON.stringify(own).slice(1)}`
}

/** The first whole second at or after a moment: rooms are compared by the second that is shown. */
function nextSecond(ms: number): number {
  return Math.ceil(ms / 1000) * 1000
}
