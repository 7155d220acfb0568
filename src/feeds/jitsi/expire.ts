import type { ListeningWindow } from '../feed.ts'
import type { Memory } from '../memory.ts'
import type { Payload } from '../payload.ts'
import { dueMsOf, type JitsiEntry } from './entries.ts'

/**
 * Deletes the entries about which no request came for FORGET_AFTER_MS. An entry that is due too early gets its own due
 * time again. Nothing is concluded from that, so that there are no payloads.
 */
export async function expireJitsi(memory: Memory, { nowMs }: ListeningWindow): Promise<readonly Payload[]> {
  for (const { key, value } of await memory.due<JitsiEntry>(nowMs)) {
    const dueMs = dueMsOf(value)
    if (dueMs <= nowMs) memory.delete(key)
    else memory.set(key, value, dueMs)
  }
  return []
}
