import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openBrowser } from '../browser.ts'
import type { Fact } from '../facts-about.ts'
import { startPageServer } from '../page-server.ts'
import { type Keep, playAndPrint } from '../play-and-print.ts'
import { factsOf, noRecords } from './facts.ts'
import { startJanusServer } from './janus-server.ts'
import { readRecords, untilKnown } from './record.ts'
import { startRollcalls } from './rollcalls.ts'
import { playStory } from './story.ts'

const { values: options } = parseArgs({
  options: { chromium: { type: 'string' }, janus: { type: 'string' }, logs: { type: 'string' } },
})
const { chromium = 'chromium', janus: binary = 'janus', logs = tmpdir() } = options
const QUIET_MS = 20_000

await playAndPrint('Janus, by WebSocket and by HTTP', playAndRead)

async function playAndRead(keep: Keep): Promise<Fact[]> {
  const { byWebSocket, byHttp, backends } = await startRollcalls(logs)
  const rollcalls = [keep(byWebSocket), keep(byHttp)]
  const janus = keep(await startJanusServer({ binary, logs, backends }))
  console.log(`Janus ${await janus.version()}`)
  keep(
    await startPageServer({
      '/': { file: join(import.meta.dirname, 'page.html'), type: 'text/html' },
      '/page.js': { file: join(import.meta.dirname, 'page.js'), type: 'text/javascript' },
    }),
  )
  const browser = keep(await openBrowser(chromium))
  const doomedBrowser = keep(await openBrowser(chromium))

  const rooms = await playStory({
    janus,
    browser,
    doomedBrowser,
    outage: { begin: byWebSocket.stop, end: byWebSocket.start },
    untilKnown: async (room, identity) => {
      await Promise.all(rollcalls.map(rollcall => untilKnown(rollcall, String(room), identity)))
    },
    quietMs: QUIET_MS,
  })
  const facts = rollcalls.map(rollcall =>
    readRecords(rollcall, rooms.length).then(
      records => factsOf(rollcall.way, rooms, records),
      error => [noRecords(rollcall.way, error)],
    ),
  )
  return (await Promise.all(facts)).flat()
}
