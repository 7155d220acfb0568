import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { TokenVerifier } from 'livekit-server-sdk'
import { LIVEKIT_KEY, LIVEKIT_SECRET } from '../../support/test-server.ts'

/** A participant in LiveKit's list. */
export interface ListedPerson {
  readonly sid: string
  readonly identity: string
  readonly joinedAtMs: number
  readonly state?: string
  readonly kind?: string
  readonly mimeType?: string
}

export interface LivekitList {
  readonly url: string
  /** The open rooms, by LiveKit's id. */
  readonly rooms: Map<string, { name: string; startedAtMs: number; people: ListedPerson[] }>
  /** The methods that were called, with the room if one was named. */
  readonly calls: string[]
  /** If set, every request is answered with this status. */
  outOfOrder: number | undefined
  /** The names of rooms whose participants cannot be listed: that is answered with 500. */
  readonly broken: Set<string>
  /** Called before a request is answered, with what is put into `calls`. */
  onCall: (call: string) => void
}

/**
 * A stand-in for the RoomService of a LiveKit server. Its answers have the form of livekit-server 1.13.5, with the
 * snake_case names of the protobuf file. LiveKit's SDK checks the tokens of requests.
 */
export async function livekitList(
  t: TestContext,
  { key, secret } = { key: LIVEKIT_KEY, secret: LIVEKIT_SECRET },
): Promise<LivekitList> {
  const verifier = new TokenVerifier(key, secret)
  const server = createServer(async (request, response) => {
    const { video } = await verifier.verify((request.headers.authorization ?? '').replace('Bearer ', ''))
    const { room, names } = JSON.parse(await textOf(request))
    const method = request.url?.replace('/twirp/livekit.RoomService/', '') ?? ''
    const call = [method, ...(room === undefined ? [] : [room]), ...(names ?? [])].join(' ')
    list.calls.push(call)
    list.onCall(call)
    const isAllowed = method === 'ListRooms' ? video?.roomList : video?.roomAdmin && video.room === room
    const status = !isAllowed ? 403 : (list.outOfOrder ?? (list.broken.has(room) ? 500 : 200))
    const rooms = roomsOf(list).filter(({ name }) => names === undefined || names.includes(name))
    const body = method === 'ListRooms' ? { rooms } : { participants: peopleOf(list, room) }
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo // it listens on TCP
  const list: LivekitList = {
    url: `http://127.0.0.1:${port}`,
    rooms: new Map(),
    calls: [],
    outOfOrder: undefined,
    broken: new Set(),
    onCall: () => {},
  }
  return list
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return text
}

function roomsOf({ rooms }: LivekitList) {
  return [...rooms].map(([sid, { name, startedAtMs, people }]) => ({
    sid,
    name,
    empty_timeout: 300,
    departure_timeout: 20,
    max_participants: 0,
    creation_time: sec(startedAtMs),
    creation_time_ms: String(startedAtMs),
    turn_password: 'turn-password',
    enabled_codecs: [{ mime: 'video/VP8', fmtp_line: '' }],
    metadata: '',
    num_participants: people.filter(({ kind }) => kind !== 'EGRESS' && kind !== 'AGENT').length,
    num_publishers: 0,
    active_recording: false,
    version: null,
  }))
}

function peopleOf({ rooms }: LivekitList, room: string) {
  const found = [...rooms.values()].find(({ name }) => name === room)
  return (found?.people ?? []).map(
    ({ sid, identity, joinedAtMs, state = 'ACTIVE', kind = 'STANDARD', mimeType }) => ({
      sid,
      identity,
      state,
      tracks: mimeType === undefined ? [] : [{ sid: `TR_${sid}`, type: 'VIDEO', mime_type: mimeType }],
      metadata: '',
      joined_at: sec(joinedAtMs),
      joined_at_ms: String(joinedAtMs),
      name: identity,
      version: 3,
      permission: { can_subscribe: true, can_publish: true, hidden: false, recorder: false },
      region: '',
      is_publisher: false,
      kind,
      attributes: {},
      disconnect_reason: 'UNKNOWN_REASON',
    }),
  )
}

function sec(ms: number): string {
  return String(Math.floor(ms / 1000))
}
