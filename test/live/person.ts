import { AccessToken } from 'livekit-server-sdk'
import type { Tab } from './browser.ts'
import { LIVEKIT_KEY, LIVEKIT_SECRET, LIVEKIT_URL } from './livekit-server.ts'

/** A participant in a room, as their own browser sees it. */
export interface Person {
  identity: string
  tab: Tab
  roomSid: string
  participantSid: string
  joinedAtMs: number
  /** The MIME types of the tracks that are sent, like `video/VP8`. A listener sends none. */
  mimeTypes: string[]
}

/** One stay, by the clocks of the people in the story. */
export interface StaySeen {
  identity: string
  participantSid: string
  joinedAtMs: number
  leftAtMs: number
  /** A name of LiveKit's `DisconnectReason`. */
  reason: string
  mimeTypes: string[]
  /** False if no media connection was made. */
  gotIn: boolean
}

/** A person joins, and publishes camera and microphone if a video codec is named, else only listens. */
export async function enter(
  tab: Tab,
  room: string,
  identity: string,
  videoCodec?: 'vp8' | 'h264',
): Promise<Person> {
  const token = await tokenFor(room, identity)
  const joined = await tab.join(videoCodec ? { token, videoCodec } : { token })
  const mimeTypes = videoCodec ? await tab.mimeTypesSent(2) : []
  return { identity, tab, ...joined, mimeTypes }
}

export function stay(person: Person, end: { atMs: number; reason: string }): StaySeen {
  const { identity, participantSid, joinedAtMs, mimeTypes } = person
  return {
    identity,
    participantSid,
    joinedAtMs,
    leftAtMs: end.atMs,
    reason: end.reason,
    mimeTypes,
    gotIn: true,
  }
}

/** The person leaves by the button. */
export async function leave(person: Person): Promise<StaySeen> {
  return stay(person, { atMs: await person.tab.leave(), reason: 'CLIENT_INITIATED' })
}

/** The stay of a person whom the server disconnected for `reason`, at the moment that the browser notes. */
export async function thrownOut(person: Person, reason: string): Promise<StaySeen> {
  const { atMs } = await person.tab.disconnection()
  return stay(person, { atMs, reason })
}

/** A person asks to join, is let in, and leaves before a media connection is made. */
export async function knockAndGo(
  room: string,
  identity: string,
): Promise<Omit<StaySeen, 'participantSid' | 'reason'>> {
  const url = new URL('/rtc', LIVEKIT_URL.replace('http', 'ws'))
  url.searchParams.set('access_token', await tokenFor(room, identity))
  url.searchParams.set('protocol', '15')
  const socket = new WebSocket(url)
  const joinedAtMs = await new Promise<number>((resolve, reject) => {
    socket.addEventListener('message', () => resolve(Date.now()), { once: true })
    socket.addEventListener('error', () => reject(new Error(`${identity} got no answer`)), { once: true })
  })
  socket.close()
  return { identity, joinedAtMs, leftAtMs: Date.now(), mimeTypes: [], gotIn: false }
}

async function tokenFor(room: string, identity: string): Promise<string> {
  const name = identity.charAt(0).toUpperCase() + identity.slice(1)
  const token = new AccessToken(LIVEKIT_KEY, LIVEKIT_SECRET, { identity, name, ttl: '5m' })
  token.addGrant({ roomJoin: true, room })
  return token.toJwt()
}
