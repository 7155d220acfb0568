import { setTimeout as pause } from 'node:timers/promises'

/** Resolves when the clock shows another whole second: records, and LiveKit's leaves, know nothing finer. */
export async function untilNextSecond(): Promise<void> {
  await pause(1000 - (Date.now() % 1000))
}
