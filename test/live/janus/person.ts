import type { BrowserProcess } from '../browser.ts'
import { joinAndFallSilent } from './room-api.ts'
import { type Heard, openTab, type Tab, type VideoCodec } from './tab.ts'

/** Someone in a room, as seen from her own browser. */
export interface Person extends Named {
  tab: Tab
  room: number
  /** Janus's id of this stay. */
  id: number
  joinedAtMs: number
  /** What she sends: `video/VP8`. A listener sends nothing. */
  mimeTypes: string[]
}

/** What tells one who she is: Janus has no identities, so a stack puts its own in the `opaque_id`. */
interface Named {
  opaqueId?: string
  display?: string
}

/** How a stay ended, as those who took part know it. */
export type End = 'left' | 'lost' | 'kicked' | 'destroyed' | 'crashed'

/** One stay from its beginning to its end, by the clocks of those who took part. */
export interface StaySeen {
  identity: string
  display: string | null
  joinedAtMs: number
  leftAtMs: number
  end: End
  mimeTypes: string[]
}

/** Someone with an `opaque_id` and a display name joins, and publishes camera and microphone. */
export function enter(browser: BrowserProcess, room: number, name: string, videoCodec: VideoCodec) {
  return enterAs(browser, room, { opaqueId: `user-${name.toLowerCase()}`, display: name }, videoCodec)
}

/** Someone with nothing but a display name joins, and receives what another one publishes. */
export async function enterToListen(browser: BrowserProcess, room: number, display: string, to: Person) {
  const listener = await enterAs(browser, room, { display })
  await listener.tab.listenTo(to.id)
  return listener
}

/** Someone without any name joins, whose session Janus will give up. */
export async function enterAndFallSilent(room: number): Promise<Omit<Person, 'tab'>> {
  return { room, mimeTypes: [], ...(await joinAndFallSilent(room)) }
}

/** She leaves by the button. */
export async function leave(person: Person): Promise<StaySeen> {
  const leftAtMs = await person.tab.leave()
  await person.tab.close()
  return stay(person, 'left', leftAtMs)
}

/** Someone else in the room hears of the end. */
export async function endHeardBy(witness: Person, person: Omit<Person, 'tab'>, end: 'lost' | 'kicked') {
  const word: Heard['end'] = end === 'kicked' ? 'kicked' : 'leaving'
  const { atMs } = await witness.tab.hears(heard => heard.end === word && heard.id === person.id)
  return stay(person, end, atMs)
}

export async function destroyedWithRoom(person: Person): Promise<StaySeen> {
  const { atMs } = await person.tab.hears(({ end }) => end === 'destroyed')
  await person.tab.close()
  return stay(person, 'destroyed', atMs)
}

export function stay(person: Omit<Person, 'tab'>, end: End, leftAtMs: number): StaySeen {
  const { opaqueId, display = null, id, joinedAtMs, mimeTypes } = person
  return { identity: opaqueId ?? display ?? String(id), display, joinedAtMs, leftAtMs, end, mimeTypes }
}

async function enterAs(
  browser: BrowserProcess,
  room: number,
  named: Named,
  videoCodec?: VideoCodec,
): Promise<Person> {
  const tab = await openTab(browser)
  const joined = await tab.join({ room, ...named, ...(videoCodec && { videoCodec }) })
  const mimeTypes = videoCodec ? await tab.mimeTypesSent(2) : []
  return { ...named, tab, room, ...joined, mimeTypes }
}
