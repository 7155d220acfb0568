import { SignJWT } from 'jose'
import { idOf, intOf, type Json, keptForm, objectOf, objectsIn, textOf } from '../json.ts'
import type { Payload } from '../payload.ts'
import type { SendRequest, Snapshot } from '../snapshot.ts'
import { field } from './protojson.ts'

/** The clock of the LiveKit server may differ from ours by this much. */
const LEEWAY_SEC = 300

/**
 * LiveKit's lists of rooms and participants, and their entries as webhooks that would have stated the same.
 * Source: docs.livekit.io "Room service API", `livekit_room.proto` and `livekit_models.proto`.
 */
export const livekitSnapshot: Snapshot = {
  serverOf({ url, authKey: apiKey, secret: apiSecret }, send) {
    const call = (method: string, grant: object, body: object, nowMs: number) =>
      callRoomService({ url, apiKey, apiSecret, send, method, grant, body, nowMs })
    return {
      async listRooms(nowMs, names) {
        const body = names === undefined ? {} : { names }
        return objectsIn(objectOf(await call('ListRooms', { roomList: true }, body, nowMs))?.['rooms'])
      },
      async listParticipants(room, nowMs) {
        const answer = await call('ListParticipants', { roomAdmin: true, room }, { room }, nowMs)
        return objectsIn(objectOf(answer)?.['participants'])
      },
    }
  },

  readRoom(listed) {
    const nativeKey = idOf(listed['sid'])
    const name = textOf(listed['name'])
    if (nativeKey === undefined || name === undefined) return undefined
    return { nativeKey, name, participants: intOf(field(listed, 'numParticipants')) ?? 0 }
  },

  readParticipant: listed => ({
    nativeKey: idOf(listed['sid']),
    isActive: listed['state'] === 'ACTIVE',
  }),

  roomPayload: (room, atMs) => webhookOf('room_started', idOf(room['sid']), atMs, { room }),

  participantPayload: (room, participant, atMs) =>
    webhookOf('participant_joined', idOf(participant['sid']), atMs, { room, participant }),
}

/** The payload of a webhook that LiveKit could have sent at this moment. Its key shows that it is from a list. */
function webhookOf(event: string, nativeSid: string | undefined, atMs: number, about: Json): Payload {
  const key = `snapshot|${nativeSid}`
  const createdAt = String(Math.floor(atMs / 1000))
  return { key, value: keptForm({ event, id: key, createdAt, ...about }) }
}

/** Calls a method of LiveKit's RoomService, which is served by Twirp, with a token of the API key. */
async function callRoomService(request: {
  readonly url: string
  readonly apiKey: string
  readonly apiSecret: string
  readonly send: SendRequest
  readonly method: string
  readonly grant: object
  readonly body: object
  readonly nowMs: number
}): Promise<unknown> {
  const { url, apiKey, apiSecret, send, method, grant, body, nowMs } = request
  const nowSec = Math.floor(nowMs / 1000)
  const token = await new SignJWT({ video: grant })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(apiKey)
    .setSubject('rollcall')
    .setNotBefore(nowSec - LEEWAY_SEC)
    .setExpirationTime(nowSec + LEEWAY_SEC)
    .sign(new TextEncoder().encode(apiSecret))
  return await send({
    url: `${url}/twirp/livekit.RoomService/${method}`,
    headers: { authorization: `Bearer ${token}` },
    body,
  })
}
