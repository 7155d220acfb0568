import type { Json } from './json.ts'
import type { Payload } from './payload.ts'

/** How the list of rooms and participants is requested from a media server, and how it is read. */
export interface Snapshot {
  /** The server at a URL of http: or https:, which knows the key and the secret of the feed. */
  serverOf(at: ServerAddress, send: SendRequest): SnapshotServer
  /** What the server says of a room in its list; undefined for an entry that cannot be read. */
  readRoom(listed: Json): ListedRoom | undefined
  /** What the server says of a participant in a room's list. */
  readParticipant(listed: Json): ListedParticipant
  /** A listed room, as the payload that would have stated its start. */
  roomPayload(room: Json, atMs: number): Payload
  /** A listed participant, as the payload that would have stated the join. */
  participantPayload(room: Json, participant: Json, atMs: number): Payload
}

/** Where a media server is, without a slash at the end, and what it knows the caller by. */
export interface ServerAddress {
  readonly url: string
  readonly authKey: string
  readonly secret: string
}

/** A media server whose list can be requested. Rejects if it does not answer. */
export interface SnapshotServer {
  /** Every room that is open, or those of them with these names, as the server writes it. */
  listRooms(nowMs: number, names?: readonly string[]): Promise<Json[]>
  /** Every participant in the room of this name, as the server writes it. */
  listParticipants(roomName: string, nowMs: number): Promise<Json[]>
}

export interface ListedRoom {
  readonly nativeKey: string
  readonly name: string
  /** How many participants are in it, by the server's own rule of who counts. */
  readonly participants: number
}

export interface ListedParticipant {
  readonly nativeKey: string | undefined
  /** False for a participant who is not in the room yet, or has left it. */
  readonly isActive: boolean
}

/**
 * POSTs a body as JSON and resolves to the JSON of the answer. Rejects for any status but 200, and after a time limit.
 */
export type SendRequest = (request: {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}) => Promise<unknown>
