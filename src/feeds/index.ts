import { events } from './events.ts'
import type { Feed } from './feed.ts'
import { livekit } from './livekit.ts'
import { twilio } from './twilio.ts'

/** Every feed, a line each. */
export const feeds: readonly Feed[] = [livekit, twilio, events]
