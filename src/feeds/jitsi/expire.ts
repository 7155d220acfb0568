import type { ListeningWindow } from '../feed.ts'
import type { Memory } from '../memory.ts'
import type { Payload } from '../payload.ts'
import { dueMsOf, type JitsiEntry } from './entries.ts'

/**
 * Deletes the entries that nothing was heard about for FORGET_AFTER_MS. An entry that is due too early is set again
 * with its own due time. Nothing ends here, so that there are no payloads.
 */
export async function expireJitsi(memory: Memory, { nowMs }: ListeningWindow): Promise<readonly Payload[]> {
  for (const { key, value } of await memory.due<JitsiEntry>(nowMs)) {
    const dueMs = dueMsOf(value)
    if (dueMs <= nowMs) memory.delete(key)
    else memory.set(key, value, dueMs)
  }
  return []
}
