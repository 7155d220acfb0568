import { setTimeout as pause } from 'node:timers/promises'

/** Resolves at the next whole second, because records and LiveKit's leaves have a precision of one second. */
export async function untilNextSecond(): Promise<void> {
  await pause(1000 - (Date.now() % 1000))
}
