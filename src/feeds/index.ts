import { events } from './events/index.ts'
import type { Feed } from './feed.ts'
import { jaas } from './jaas/index.ts'
import { janus } from './janus/index.ts'
import { jitsi } from './jitsi/index.ts'
import { livekit } from './livekit/index.ts'
import { twilio } from './twilio/index.ts'

/** Every feed that the server takes, in the order in which help and reference list them. */
export const feeds: readonly Feed[] = [livekit, twilio, janus, jitsi, jaas, events]
