import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { openBrowser } from './browser.ts'
import { LIVEKIT_BINARY, LIVEKIT_VERSION } from './build-livekit.ts'
import { deafRollcall } from './deaf-rollcall.ts'
import { factsOf, noRecord } from './facts.ts'
import type { Fact } from './facts-about.ts'
import { startLivekitServer } from './livekit-server.ts'
import { LIVEKIT_CLIENT_VERSION, startPageServer } from './page-server.ts'
import { type Keep, playAndPrint } from './play-and-print.ts'
import { readRecord } from './record.ts'
import { ROLLCALL_URL, startRollcall } from './rollcall-server.ts'
import { playStory } from './story.ts'
import { startWebhookRecorder } from './webhook-recorder.ts'

const { values: options } = parseArgs({
  options: { chromium: { type: 'string' }, logs: { type: 'string' }, record: { type: 'string' } },
})
const { chromium = 'chromium', logs = tmpdir(), record } = options
const WEBHOOK_PATH = '/feeds/livekit'

await playAndPrint(`LiveKit ${LIVEKIT_VERSION}, livekit-client ${LIVEKIT_CLIENT_VERSION}`, playAndRead)

/** Plays the story and compares its records. Temporary files are in a folder of the test. */
async function playAndRead(keep: Keep): Promise<Fact[]> {
  keep(await startRollcall(tmpdir(), logs))
  const webhooks = record
    ? keep(await startWebhookRecorder({ file: record, target: `${ROLLCALL_URL}${WEBHOOK_PATH}` })).url
    : ROLLCALL_URL
  const livekit = keep(
    await startLivekitServer({ binary: LIVEKIT_BINARY, logs, webhookUrl: `${webhooks}${WEBHOOK_PATH}` }),
  )
  keep(await startPageServer())
  const browser = keep(await openBrowser(chromium))
  const doomedBrowser = keep(await openBrowser(chromium))

  const deaf = deafRollcall(logs, keep)
  const facts: Fact[] = []
  const stories = await playStory({ livekit, browser, doomedBrowser, everybodyIsIn: deaf.start })
  for (const seen of stories) {
    facts.push(
      ...(await readRecord(seen.roomSid).then(
        record => factsOf(seen, record),
        error => [noRecord(seen, error)],
      )),
    )
  }
  return [...facts, ...(await deaf.facts(stories[0]))]
}
