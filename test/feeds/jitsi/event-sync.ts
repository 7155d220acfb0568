import type { TestContext } from 'node:test'
import type { SettingName } from '../../../src/config.ts'
import { digestOf } from '../../../src/feeds/json.ts'
import { feedId } from '../../../src/sid.ts'
import type { FeedRow } from '../../../src/store/feeds/feeds.ts'
import { ACCOUNT, NOW_MS, type TestServer, testServer } from '../../support/test-server.ts'
import { taken } from '../served.ts'

export const JITSI_KEY = 'jitsiKey012345678901234567890123456789012'

const AUTH_KEY = digestOf(JITSI_KEY)

export const JITSI_FEED: FeedRow = {
  ...{ feedId: feedId(ACCOUNT, 'jitsi', AUTH_KEY), accountSid: ACCOUNT, kind: 'jitsi' },
  ...{ authKey: AUTH_KEY, secret: '', createdAtMs: NOW_MS },
}

/** A test server with one Jitsi feed. */
export async function jitsiServer(
  t: TestContext,
  settings: Partial<Record<SettingName, string>> = {},
): Promise<TestServer> {
  return await testServer(t, settings, [JITSI_FEED])
}

const PATHS: Readonly<Record<string, string>> = {
  'muc-room-created': '/feeds/jitsi/events/room/created',
  'muc-room-destroyed': '/feeds/jitsi/events/room/destroyed',
  'muc-occupant-joined': '/feeds/jitsi/events/occupant/joined',
  'muc-occupant-left': '/feeds/jitsi/events/occupant/left',
}

/** Sends a request as event_sync does, with the headers of prosody. */
export async function postJitsi(
  server: TestServer,
  payload: object,
  headers: Readonly<Record<string, string>> = {},
) {
  const name = 'event_name' in payload ? String(payload.event_name) : ''
  return await server.app.inject({
    ...{ method: 'POST', url: PATHS[name] ?? '/feeds/jitsi/events/room/created' },
    headers: {
      authorization: `Bearer ${JITSI_KEY}`,
      'content-type': 'application/json',
      'user-agent': 'Prosody (0.12.3; posix)',
      ...headers,
    },
    body: JSON.stringify(payload),
  })
}

/** Sends requests one after another. Each must be answered 200. */
export async function tellJitsi(server: TestServer, ...payloads: readonly object[]): Promise<void> {
  for (const payload of payloads) await taken(postJitsi(server, payload))
}

/** A stay as the module describes it. Moments are unix seconds. */
export interface Occupant {
  readonly occupant_jid: string
  readonly joined_at: number
  readonly left_at?: number
  readonly id?: string | number
  readonly name?: string
  readonly email?: string
}

export type JitsiPayload = Readonly<Record<string, unknown>>

/** A room, or a breakout room of it: each method gives the body of a request. Moments are unix seconds. */
export function jitsiRoom(name: string, breakoutId?: string) {
  const room = {
    ...{ room_name: name, room_jid: `${name}@conference.meet.test`, is_breakout: breakoutId !== undefined },
    ...(breakoutId === undefined ? {} : { breakout_room_id: breakoutId }),
  }
  const told = (event_name: string, more: object): JitsiPayload => ({ event_name, ...more, ...room })
  return {
    created: (created_at: number) => told('muc-room-created', { created_at }),
    /** Lua writes an empty list as an empty object. */
    destroyed: (created_at: number, destroyed_at: number, occupants: readonly Occupant[] = []) =>
      told('muc-room-destroyed', {
        ...{ created_at, destroyed_at },
        all_occupants: occupants.length === 0 ? {} : occupants,
      }),
    joined: ({ left_at: _, ...occupant }: Occupant) =>
      told('muc-occupant-joined', { active_occupants_count: 1, occupant }),
    left: (occupant: Occupant) => told('muc-occupant-left', { active_occupants_count: 0, occupant }),
  }
}

/** A stay of a person. `more` adds or replaces what the module says of the person, such as the user of the JWT. */
export function occupant(name: string, joined_at: number, left_at?: number, more: object = {}): Occupant {
  return {
    ...{ occupant_jid: `${name}-jid@meet.test/${name}`, id: name, joined_at },
    ...(left_at === undefined ? {} : { left_at }),
    ...more,
  }
}
