import { setTimeout as pause } from 'node:timers/promises'

/** Calls `ask` until it gives an answer. Throws an error that names `what` if none comes in time. */
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
