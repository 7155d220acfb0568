import { digestOf } from '../../src/feeds/json.ts'
import { feedId } from '../../src/sid.ts'
import { openStore } from '../../src/store/open-store.ts'
import { ACCOUNT_SID, AUTH_TOKEN, LIVEKIT_KEY } from '../crash/rollcall-server.ts'
import { APP_ID, JAAS_SECRET } from '../feeds/jaas/webhooks.ts'
import { JANUS_TOKEN } from '../feeds/janus/janus-server.ts'
import { type Running, type Scope, startProgram, temporaryFolder } from '../support/program.ts'
import { told } from '../support/running-server.ts'
import { FEED_KEY, TWILIO_TOKEN } from '../support/test-server.ts'

/** With this setting all servers answer with the same URLs, whatever their port. */
export const PUBLIC_URL = 'https://rollcall.example.com'
export const JANUS = { user: 'lab', password: 'janusPassword012345678901234567890123456' }

/** The settings of all servers of these tests. */
export const SETTINGS = {
  ROLLCALL_ACCOUNT_SID: ACCOUNT_SID,
  ROLLCALL_AUTH_TOKEN: AUTH_TOKEN,
  LIVEKIT_API_KEY: LIVEKIT_KEY.apiKey,
  LIVEKIT_API_SECRET: LIVEKIT_KEY.apiSecret,
  JANUS_EVENTS_USER: JANUS.user,
  JANUS_EVENTS_PASSWORD: JANUS.password,
  PORT: '0',
  PUBLIC_URL,
  RATE_LIMIT_PER_MIN: '0',
  LOG_LEVEL: 'warn',
}

export interface Serving extends Running {
  readonly url: string
}

/** Starts `rollcall serve` over the database at a place. It is killed when the scope ends. */
export async function serveOver(
  scope: Scope,
  place: string,
  settings: Readonly<Record<string, string>> = SETTINGS,
): Promise<Serving> {
  const cwd = await temporaryFolder(scope)
  const env = { ...settings, DATABASE_URL: place }
  const running = await startProgram(scope, { cwd, args: ['serve'], env }, /^Feeds /m)
  return { ...running, url: told(running.stdout(), /^Rollcall listens on (\S+)$/m) }
}

/** Adds a feed of each kind that the settings do not name. */
export async function addFeeds(place: string): Promise<void> {
  const store = await openStore(place)
  const feeds = [
    ['twilio', ACCOUNT_SID, TWILIO_TOKEN],
    ['events', digestOf(FEED_KEY), ''],
    ['jaas', APP_ID, JAAS_SECRET],
    ['janus', digestOf(JANUS_TOKEN), ''],
  ] as const
  for (const [kind, authKey, secret] of feeds) {
    const id = feedId(ACCOUNT_SID, kind, authKey)
    await store.feeds.put({ feedId: id, accountSid: ACCOUNT_SID, kind, authKey, secret, createdAtMs: 0 })
  }
  await store.close()
}
