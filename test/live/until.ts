import { setTimeout as pause } from 'node:timers/promises'

/** Asks until there is an answer. What does not come in time is an error that names what was awaited. */
export async function until<T>(
  what: string,
  limitMs: number,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadlineMs = Date.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > deadlineMs) throw new Error(`Waited ${limitMs / 1000} s in vain for ${what}`)
    await pause(50)
  }
}

/** Resolves when the clock shows another whole second: LiveKit tells of a leave in whole seconds only. */
export async function untilNextSecond(): Promise<void> {
  await pause(1000 - (Date.now() % 1000))
}
