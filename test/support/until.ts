import { setTimeout as pause } from 'node:timers/promises'

/** Asks until there is an answer. What does not come in time is an error that names what was awaited. */
export async function until<T>(
  what: string,
  limitMs: number,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadlineMs = performance.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > deadlineMs) throw new Error(`Waited ${limitMs} ms in vain for ${what}`)
    await pause(20)
  }
}
