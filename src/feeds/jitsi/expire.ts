import type { ListeningWindow, Payload } from '../feed.ts'
import type { Memory } from '../memory.ts'
import { FORGET_AFTER_MS, type JitsiEntry, lastMomentOf, setEntry } from './entries.ts'

/**
 * Deletes the entries that nothing was heard about for FORGET_AFTER_MS. An entry that is due too early is set again
 * with its own due time. Nothing ends here, so that there are no payloads.
 */
export async function expireJitsi(memory: Memory, { nowMs }: ListeningWindow): Promise<readonly Payload[]> {
  for (const { key, value } of await memory.due<JitsiEntry>(nowMs)) {
    if (lastMomentOf(value) + FORGET_AFTER_MS <= nowMs) memory.delete(key)
    else setEntry(memory, key, value)
  }
  return []
}
