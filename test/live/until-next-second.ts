import { setTimeout as pause } from 'node:timers/promises'

/** Resolves when the clock shows another whole second: LiveKit tells of a leave in whole seconds only. */
export async function untilNextSecond(): Promise<void> {
  await pause(1000 - (Date.now() % 1000))
}
