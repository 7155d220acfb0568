import { RoomServiceClient } from 'livekit-server-sdk'
import type { BrowserProcess } from './browser.ts'
import { LIVEKIT_KEY, LIVEKIT_SECRET, LIVEKIT_URL, type LivekitServer } from './livekit-server.ts'
import { enter, knockAndGo, leave, type Person, type StaySeen, stay, thrownOut } from './person.ts'
import { untilNextSecond } from './until-next-second.ts'

/** What the test saw of one instance of a room. */
export interface RoomSeen {
  name: string
  /** LiveKit's id, `RM_…`. */
  roomSid: string
  /** When the first participant was let in. LiveKit creates the room then. */
  startedAtMs: number
  endedAtMs: number
  endedByApi: boolean
  /** The largest number of people who were in the room at once. */
  peak: number
  stays: StaySeen[]
}

interface Stage {
  livekit: LivekitServer
  browser: BrowserProcess
  /** The browser that is killed in the story. */
  doomedBrowser: BrowserProcess
  /** Called and awaited while everybody of the first room is in it. */
  everybodyIsIn(people: readonly Person[]): Promise<void>
}

/** Plays every way to leave a room, and notes what the people in it saw. */
export async function playStory(stage: Stage): Promise<RoomSeen[]> {
  const { livekit, browser, doomedBrowser } = stage
  const open = () => browser.openTab()

  say('seven people join standup, ben with H264, gus only to listen')
  const ada = await enter(await open(), 'standup', 'ada', 'vp8')
  const ben = await enter(await open(), 'standup', 'ben', 'h264')
  const cleo = await enter(await open(), 'standup', 'cleo', 'vp8')
  const dan = await enter(await open(), 'standup', 'dan', 'vp8')
  const eve = await enter(await open(), 'standup', 'eve', 'vp8')
  const finn = await enter(await doomedBrowser.openTab(), 'standup', 'finn', 'vp8')
  const gus = await enter(await open(), 'standup', 'gus')
  const everyone = [ada, ben, cleo, dan, eve, finn, gus]
  await Promise.all(everyone.map(({ tab }) => tab.untilSees(everyone.length - 1)))
  await untilNextSecond()
  await stage.everybodyIsIn(everyone)

  say('hugo is let in, but goes before any media connection is made')
  const hugo = await knockAndGo('standup', 'hugo')
  const hugosEnd = await livekit.closing(({ identity }) => identity === 'hugo')

  say('dan is removed by API')
  await roomService().removeParticipant('standup', 'dan')
  const dansStay = await thrownOut(dan, 'PARTICIPANT_REMOVED')

  say('cleo joins again from a second tab, which ends her first stay')
  const cleoAgain = await enter(await open(), 'standup', 'cleo', 'vp8')
  const cleosStay = await thrownOut(cleo, 'DUPLICATE_IDENTITY')
  await cleo.tab.close()

  say('ben reloads the page and joins again')
  const benReloadedAtMs = await ben.tab.reload()
  const benAgain = await enter(ben.tab, 'standup', 'ben', 'h264')
  const bensStay = await endedByLog(livekit, ben, benReloadedAtMs)

  say('eve closes her tab')
  const evesStay = await endedByLog(livekit, eve, await eve.tab.close())

  say("finn's browser is killed")
  doomedBrowser.kill()

  const retros = await playRetros(stage)

  say("LiveKit finds that finn's connection is lost")
  const finnsStay = await endedByLog(livekit, finn)

  say('the others leave standup')
  const stays = [
    await leave(cleoAgain),
    await leave(benAgain),
    await leave(gus),
    await leave(ada),
    bensStay,
    cleosStay,
    dansStay,
    evesStay,
    finnsStay,
    { ...hugo, participantSid: hugosEnd.participantSid, reason: hugosEnd.reason },
  ]
  const standup: RoomSeen = {
    name: 'standup',
    roomSid: ada.roomSid,
    startedAtMs: ada.joinedAtMs,
    endedAtMs: await livekit.roomClosedAtMs(ada.roomSid),
    endedByApi: false,
    peak: everyone.length,
    stays,
  }
  return [standup, ...retros]
}

/** A room that is deleted by API, and the next room with its name. */
async function playRetros({ livekit, browser }: Stage): Promise<RoomSeen[]> {
  say('hal and ida meet in retro, until the room is deleted by API')
  const hal = await enter(await browser.openTab(), 'retro', 'hal', 'vp8')
  const ida = await enter(await browser.openTab(), 'retro', 'ida', 'vp8')
  await Promise.all([hal, ida].map(({ tab }) => tab.untilSees(1)))
  await untilNextSecond()
  const deletedAtMs = Date.now()
  await roomService().deleteRoom('retro')
  const retro: RoomSeen = {
    name: 'retro',
    roomSid: hal.roomSid,
    startedAtMs: hal.joinedAtMs,
    endedAtMs: deletedAtMs,
    endedByApi: true,
    peak: 2,
    stays: [await thrownOut(hal, 'ROOM_DELETED'), await thrownOut(ida, 'ROOM_DELETED')],
  }

  say('ida joins a room of the same name, alone, and leaves')
  const idaAgain = await enter(ida.tab, 'retro', 'ida', 'vp8')
  const idaLeft = await leave(idaAgain)
  const retroAgain: RoomSeen = {
    name: 'retro, again',
    roomSid: idaAgain.roomSid,
    startedAtMs: idaAgain.joinedAtMs,
    endedAtMs: await livekit.roomClosedAtMs(idaAgain.roomSid),
    endedByApi: false,
    peak: 1,
    stays: [idaLeft],
  }
  return [retro, retroAgain]
}

function roomService(): RoomServiceClient {
  return new RoomServiceClient(LIVEKIT_URL, LIVEKIT_KEY, LIVEKIT_SECRET)
}

/** The stay of a person whose end only LiveKit's log shows. A page that could still leave did so at `goneAtMs`. */
async function endedByLog(livekit: LivekitServer, person: Person, goneAtMs?: number): Promise<StaySeen> {
  const closing = await livekit.closing(({ participantSid }) => participantSid === person.participantSid)
  const saidGoodbye = closing.reason === 'CLIENT_INITIATED'
  return stay(person, { ...closing, atMs: (saidGoodbye ? goneAtMs : undefined) ?? closing.atMs })
}

function say(line: string): void {
  console.log(`${new Date().toISOString().slice(11, 23)}  ${line}`)
}
