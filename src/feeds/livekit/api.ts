import { type Json, objectOf } from '../json.ts'
import { signLivekitToken } from './token.ts'

const TIMEOUT_MS = 10_000
/** The two clocks may differ by so much. */
const LEEWAY_SEC = 300

/** What is asked of LiveKit's server API: who is there now. Rejects where it does not answer. */
export interface LivekitApi {
  /** Every room that is open, as the server writes it. */
  listRooms(): Promise<Json[]>
  /** Everybody in the room of this name. */
  listParticipants(room: string): Promise<Json[]>
}

/** LiveKit's RoomService over Twirp (docs.livekit.io, "Room service API"). */
export function livekitApi(options: {
  url: string
  apiKey: string
  apiSecret: string
  clock: () => number
  /** Aborted when nothing more is to be asked. */
  signal: AbortSignal
}): LivekitApi {
  const { url, apiKey, apiSecret, clock, signal } = options

  async function call(method: string, grant: object, body: object, member: string): Promise<Json[]> {
    const nowSec = Math.floor(clock() / 1000)
    const claims = {
      iss: apiKey,
      sub: 'rollcall',
      nbf: nowSec - LEEWAY_SEC,
      exp: nowSec + LEEWAY_SEC,
      video: grant,
    }
    const response = await fetch(`${url}/twirp/livekit.RoomService/${method}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${signLivekitToken(claims, apiSecret)}`,
      },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    if (!response.ok) throw new Error(`LiveKit answers ${method} with ${response.status}`)
    const list = objectOf(await response.json())?.[member]
    return Array.isArray(list) ? list.map(objectOf).filter(one => one !== undefined) : []
  }

  return {
    listRooms: () => call('ListRooms', { roomList: true }, {}, 'rooms'),
    listParticipants: room => call('ListParticipants', { roomAdmin: true, room }, { room }, 'participants'),
  }
}
