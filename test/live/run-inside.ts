import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { openBrowser } from './browser.ts'
import { LIVEKIT_BINARY, LIVEKIT_VERSION } from './build-livekit.ts'
import { type Fact, factsOf, noRecord } from './facts.ts'
import { startLivekitServer } from './livekit-server.ts'
import { LIVEKIT_CLIENT_VERSION, startPageServer } from './page-server.ts'
import { printFacts } from './print-facts.ts'
import { readRecord } from './record.ts'
import { ROLLCALL_URL, startRollcall } from './rollcall-server.ts'
import { playStory } from './story.ts'
import { startWebhookRecorder } from './webhook-recorder.ts'

const { values: options } = parseArgs({
  options: { chromium: { type: 'string' }, logs: { type: 'string' }, record: { type: 'string' } },
})
const { chromium = 'chromium', logs = tmpdir(), record } = options
const WEBHOOK_PATH = '/feeds/livekit'

process.stdin.resume().once('end', () => process.exit(1)) // whoever started this is gone
process.exit(await main())

/** The part that runs in the namespace; the folder for temporary files is its own, too. */
async function main(): Promise<number> {
  const startedAtMs = Date.now()
  const stops: (() => unknown)[] = []
  const { passed, failed } = await playAndRead(stops).then(printFacts, error => {
    console.error(error)
    return { passed: 0, failed: 1 }
  })
  for (const stop of stops.reverse()) await stop()
  console.log(
    `\nLiveKit ${LIVEKIT_VERSION}, livekit-client ${LIVEKIT_CLIENT_VERSION}, ${seconds(startedAtMs)}`,
  )
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

async function playAndRead(stops: (() => unknown)[]): Promise<Fact[]> {
  const started = <T extends { stop(): unknown }>(service: T): T => {
    stops.push(() => service.stop())
    return service
  }
  started(await startRollcall(tmpdir(), logs))
  const webhooks = record
    ? started(await startWebhookRecorder({ file: record, target: `${ROLLCALL_URL}${WEBHOOK_PATH}` })).url
    : ROLLCALL_URL
  const livekit = started(
    await startLivekitServer({ binary: LIVEKIT_BINARY, logs, webhookUrl: `${webhooks}${WEBHOOK_PATH}` }),
  )
  started(await startPageServer())
  const browser = started(await openBrowser(chromium))
  const doomedBrowser = started(await openBrowser(chromium))

  const facts: Fact[] = []
  for (const seen of await playStory({ livekit, browser, doomedBrowser })) {
    facts.push(
      ...(await readRecord(seen).then(
        record => factsOf(seen, record),
        error => [noRecord(seen, error)],
      )),
    )
  }
  return facts
}

function seconds(sinceMs: number): string {
  return `${Math.round((Date.now() - sinceMs) / 1000)} s`
}
