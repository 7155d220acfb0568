import { setTimeout as pause } from 'node:timers/promises'
import type { BrowserProcess } from '../browser.ts'
import { untilNextSecond } from '../until-next-second.ts'
import type { JanusServer } from './janus-server.ts'
import {
  destroyedWithRoom,
  endHeardBy,
  enter,
  enterAndFallSilent,
  enterToListen,
  leave,
  type StaySeen,
  stay,
} from './person.ts'
import { roomApi } from './room-api.ts'

/** Rooms in the configuration of Janus. */
const STANDUP = 1234
const OFFICE = 1235
/** Rooms that are created by API. */
const RETRO = 5001
const DEMO = 5002
const REVIEW = 5003

/** Long enough that the last sign of a stay differs from the first. */
const GHOSTS_STAY_MS = 4_000

/** What the test saw of one instance of a room. */
export interface RoomSeen {
  label: string
  id: number
  startedAtMs: number
  endedAtMs: number
  endedByApi: boolean
  /** The largest number of people who were in the room at once. */
  peak: number
  stays: StaySeen[]
}

export interface Stage {
  janus: JanusServer
  browser: BrowserProcess
  /** The browser that is killed in the story. */
  doomedBrowser: BrowserProcess
  /** Stops the Rollcall to which Janus connects by WebSocket, and starts it again. */
  outage: { begin(): Promise<void>; end(): Promise<void> }
  /** Waits until every Rollcall lists this stay. */
  untilKnown(room: number, identity: string): Promise<void>
  /** How long a room of Janus's configuration must be empty until its instance ends. */
  quietMs: number
}

/** Plays every way to leave a room, and notes what the people in it saw. */
export async function playStory(stage: Stage): Promise<RoomSeen[]> {
  const standup = await playStandup(stage)
  const retros = await playRetros(stage)
  const crashed = await playCrash(stage)
  const review = await playReview(stage)
  const standupAgain = await playStandupAgain(stage, standup.endedAtMs)
  return [standup, standupAgain, ...retros, ...crashed, review]
}

async function playStandup({ browser, doomedBrowser, outage }: Stage): Promise<RoomSeen> {
  say('six people join room 1234, ben with H264; gus only listens, and another joins over HTTP')
  const ada = await enter(browser, STANDUP, 'Ada', 'vp8')
  const ben = await enter(browser, STANDUP, 'Ben', 'h264')
  const cleo = await enter(browser, STANDUP, 'Cleo', 'vp8')
  const dan = await enter(browser, STANDUP, 'Dan', 'vp8')
  const eve = await enter(browser, STANDUP, 'Eve', 'vp8')
  const finn = await enter(doomedBrowser, STANDUP, 'Finn', 'vp8')
  const gus = await enterToListen(browser, STANDUP, 'Gus', ada)
  const silent = await enterAndFallSilent(STANDUP)
  await untilNextSecond()

  say('Rollcall is down; dan is kicked, eve closes her tab, cleo joins from a second tab')
  await outage.begin()
  await roomApi.kick(STANDUP, dan.id)
  const dansStay = await endHeardBy(ada, dan, 'kicked')
  await dan.tab.close()
  await eve.tab.close()
  const evesStay = await endHeardBy(ada, eve, 'lost')
  const cleoAgain = await enter(browser, STANDUP, 'Cleo', 'vp8')
  await outage.end()
  say('Rollcall is up again; cleo leaves by her first tab, ben leaves and joins again')
  const cleosStay = await leave(cleo)
  const bensStay = await leave(ben)
  const benAgain = await enter(browser, STANDUP, 'Ben', 'h264')

  say("finn's browser is killed; Janus gives up the silent one")
  doomedBrowser.kill()
  const finnsStay = await endHeardBy(ada, finn, 'lost')
  const silentStay = await endHeardBy(ada, silent, 'lost')

  say('the others leave')
  const stays = [await leave(cleoAgain), await leave(benAgain), await leave(gus), await leave(ada)]
  stays.push(bensStay, cleosStay, dansStay, evesStay, finnsStay, silentStay)
  return { label: '1234', id: STANDUP, ...spanOf(stays), endedByApi: false, peak: 8, stays }
}

async function playStandupAgain({ browser, quietMs }: Stage, emptySinceMs: number): Promise<RoomSeen> {
  say(`room 1234 has been empty for ${quietMs / 1000} s; ivy joins it with VP9 and leaves`)
  await pause(Math.max(0, emptySinceMs + quietMs + 1_000 - Date.now()))
  const stays = [await leave(await enter(browser, STANDUP, 'Ivy', 'vp9'))]
  return { label: '1234, again', id: STANDUP, ...spanOf(stays), endedByApi: false, peak: 1, stays }
}

/** A room that is destroyed by API with people in it, and the next room with its number. */
async function playRetros({ browser }: Stage): Promise<RoomSeen[]> {
  say('hal and ida meet in room 5001 until it is destroyed by API')
  const createdAtMs = await roomApi.create(RETRO)
  const hal = await enter(browser, RETRO, 'Hal', 'vp8')
  const ida = await enter(browser, RETRO, 'Ida', 'vp9')
  await untilNextSecond()
  const destroyedAtMs = await roomApi.destroy(RETRO)
  const stays = [await destroyedWithRoom(hal), await destroyedWithRoom(ida)]
  const retro = { label: '5001', id: RETRO, ...span(createdAtMs, destroyedAtMs), peak: 2, stays }

  say('ida joins a room of the same number, alone, and leaves; it is destroyed when it is empty')
  const createdAgainAtMs = await roomApi.create(RETRO)
  const left = await leave(await enter(browser, RETRO, 'Ida', 'vp8'))
  const again = span(createdAgainAtMs, await roomApi.destroy(RETRO))
  return [retro, { label: '5001, again', id: RETRO, ...again, peak: 1, stays: [left] }].map(byApi)
}

/** Janus is killed with people in two rooms, and sends no event of it. */
async function playCrash({ janus, browser, untilKnown }: Stage): Promise<RoomSeen[]> {
  say('jo is in room 1235, kim in room 5002, when Janus is killed')
  const jo = await enter(browser, OFFICE, 'Jo', 'vp8')
  const createdAtMs = await roomApi.create(DEMO)
  const kim = await enter(browser, DEMO, 'Kim', 'vp8')
  await untilKnown(OFFICE, 'user-jo')
  await untilKnown(DEMO, 'user-kim')
  await pause(GHOSTS_STAY_MS)
  const crashedAtMs = await janus.crash()
  await janus.restart()
  await jo.tab.close()
  await kim.tab.close()
  const office = { label: '1235', id: OFFICE, startedAtMs: jo.joinedAtMs }
  const demo = { label: '5002', id: DEMO, startedAtMs: createdAtMs }
  const crash = { endedAtMs: crashedAtMs, endedByApi: false, peak: 1 }
  return [
    { ...office, ...crash, stays: [stay(jo, 'crashed', crashedAtMs)] },
    { ...demo, ...crash, stays: [stay(kim, 'crashed', crashedAtMs)] },
  ]
}

async function playReview({ browser }: Stage): Promise<RoomSeen> {
  say('lou is in room 5003 of the Janus that came after')
  const createdAtMs = await roomApi.create(REVIEW)
  const stays = [await leave(await enter(browser, REVIEW, 'Lou', 'vp8'))]
  const review = span(createdAtMs, await roomApi.destroy(REVIEW))
  return byApi({ label: '5003', id: REVIEW, ...review, peak: 1, stays })
}

/** The time of a room that nobody creates or destroys: from the first join to the last leave. */
function spanOf(stays: StaySeen[]): { startedAtMs: number; endedAtMs: number } {
  const startedAtMs = Math.min(...stays.map(({ joinedAtMs }) => joinedAtMs))
  return span(startedAtMs, Math.max(...stays.map(({ leftAtMs }) => leftAtMs)))
}

function span(startedAtMs: number, endedAtMs: number) {
  return { startedAtMs, endedAtMs }
}

function byApi(room: Omit<RoomSeen, 'endedByApi'>): RoomSeen {
  return { ...room, endedByApi: true }
}

function say(line: string): void {
  console.log(`${new Date().toISOString().slice(11, 23)}  ${line}`)
}
