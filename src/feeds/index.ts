import { events } from './events.ts'
import type { Feed } from './feed.ts'
import { jaas } from './jaas.ts'
import { janus } from './janus.ts'
import { jitsi } from './jitsi.ts'
import { livekit } from './livekit.ts'
import { twilio } from './twilio.ts'

/** Every feed, a line each. */
export const feeds: readonly Feed[] = [livekit, twilio, janus, jitsi, jaas, events]
