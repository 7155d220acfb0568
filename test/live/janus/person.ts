import type { BrowserProcess } from '../browser.ts'
import { joinAndFallSilent } from './room-api.ts'
import { type Heard, openTab, type Tab, type VideoCodec } from './tab.ts'

/** A participant in a room, as their own browser sees it. */
export interface Person extends Named {
  tab: Tab
  room: number
  /** Janus's id of the stay. */
  id: number
  joinedAtMs: number
  /** The MIME types of the tracks that are sent, like `video/VP8`. A listener sends none. */
  mimeTypes: string[]
}

/** The identity of a person. Janus has none, so that an application puts its own into the `opaque_id`. */
interface Named {
  opaqueId?: string
  display?: string
}

/** How a stay ended, as the people in the story know it. */
export type End = 'left' | 'lost' | 'kicked' | 'destroyed' | 'crashed'

/** One stay, by the clocks of the people in the story. */
export interface StaySeen {
  identity: string
  display: string | null
  joinedAtMs: number
  leftAtMs: number
  end: End
  mimeTypes: string[]
}

/** A person with an `opaque_id` and a display name joins, and publishes camera and microphone. */
export function enter(browser: BrowserProcess, room: number, name: string, videoCodec: VideoCodec) {
  return enterAs(browser, room, { opaqueId: `user-${name.toLowerCase()}`, display: name }, videoCodec)
}

/** A person who has only a display name joins, and subscribes to another person. */
export async function enterToListen(browser: BrowserProcess, room: number, display: string, to: Person) {
  const listener = await enterAs(browser, room, { display })
  await listener.tab.listenTo(to.id)
  return listener
}

/** A person without a name joins and sends nothing more, so that Janus ends the session by its timeout. */
export async function enterAndFallSilent(room: number): Promise<Omit<Person, 'tab'>> {
  return { room, mimeTypes: [], ...(await joinAndFallSilent(room)) }
}

/** The person leaves by the button. */
export async function leave(person: Person): Promise<StaySeen> {
  const leftAtMs = await person.tab.leave()
  await person.tab.close()
  return stay(person, 'left', leftAtMs)
}

/** Another person in the room is told of the end of the stay. */
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
  return { identity: opaqueId ?? String(id), display, joinedAtMs, leftAtMs, end, mimeTypes }
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
