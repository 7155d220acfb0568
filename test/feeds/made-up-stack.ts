import type { Event } from '../../src/event.ts'
import type { Feed, Reduced, Source } from '../../src/feeds/feed.ts'
import { UnauthenticError } from '../../src/feeds/feed-errors.ts'
import { type Json, keptForm, objectOf, parseJson, textOf } from '../../src/feeds/json.ts'
import type { FeedKeys } from '../../src/feeds/keys.ts'
import type { Snapshot } from '../../src/feeds/snapshot.ts'
import { participantSid, roomSid } from '../../src/sid.ts'

/** What a made-up server sends about a room, or about one participant of it. */
export interface Notice {
  readonly does: 'opens' | 'enters'
  readonly atMs: number
  readonly room: { readonly id: string; readonly name: string }
  readonly who?: string
}

/** A stack that Rollcall does not know. Its path ends in the key or in the secret, as `keys` are made. */
export function madeUpStack(keys: FeedKeys, facts: Partial<Feed> = {}): Feed {
  return {
    kind: 'lighthouse',
    path: '/feeds/lighthouse/{token}',
    paths: ['/feeds/lighthouse/{token}'],
    methods: ['POST'],
    secretParam: 'token',
    summary: 'Notices of lighthouses',
    keys,
    authKey({ params, headers }) {
      const token = params['token'] ?? ''
      return keys.made === 'generated' ? keys.authKeyOf(token) : (headers['x-key'] ?? '')
    },
    verify({ params }, secret) {
      if (keys.made !== 'generated' && params['token'] !== secret)
        throw new UnauthenticError('A wrong token.')
    },
    payloads(delivery) {
      const notice = objectOf(parseJson(delivery.body)) ?? {}
      return [
        { key: `${notice['does']} ${notice['atMs']} ${textOf(notice['who'])}`, value: keptForm(notice) },
      ]
    },
    reduce: ({ key, value }, _memory, source) => reduceNotice(key, value, source),
    snapshot,
    silenceLimitMs: undefined,
    whenUnavailable: {},
    ...facts,
  }
}

/** A list has rooms as notices have them, each with its number of participants. */
const snapshot: Snapshot = {
  serverOf: () => ({ listRooms: async () => [], listParticipants: async () => [] }),
  readRoom: ({ id, name, people }) => ({
    nativeKey: String(id),
    name: String(name),
    participants: Number(people),
  }),
  readParticipant: ({ who }) => ({ nativeKey: String(who), isActive: true }),
  roomPayload: (room, atMs) => ({ key: `listed ${room['id']}`, value: { does: 'opens', atMs, room } }),
  participantPayload: (room, { who }, atMs) => ({
    key: `listed ${who}`,
    value: { does: 'enters', atMs, room, who },
  }),
}

function reduceNotice(key: string, notice: Json, { accountSid }: Source): Reduced {
  const room = objectOf(notice['room']) ?? {}
  const nativeKey = textOf(room['id'])
  const name = textOf(room['name'])
  const atMs = Number(notice['atMs'])
  if (nativeKey === undefined || name === undefined) return { events: [], reason: 'It names no room' }
  const common = {
    ...{ key, atMs, room: { nativeKey, name } },
    roomSid: roomSid(accountSid, 'lighthouse', nativeKey),
  }
  const who = textOf(notice['who'])
  const event: Event =
    who === undefined
      ? { kind: 'room.started', ...common }
      : {
          kind: 'participant.joined',
          ...common,
          participantSid: participantSid(common.roomSid, who),
          participant: { nativeKey: who, identity: who, joinedAtMs: atMs },
        }
  return { events: [event] }
}
