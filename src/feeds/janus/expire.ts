import { isOneOf } from '../../event.ts'
import type { ListeningWindow } from '../feed.ts'
import type { Entry, Memory } from '../memory.ts'
import type { Payload } from '../payload.ts'
import { dueMsOf } from './due.ts'
import { EmitterMemory, type EntryId, type EntryRef } from './emitter-memory.ts'
import { type Entries, KINDS, type Kind } from './entries.ts'
import { EXPIRY } from './expiry.ts'

/**
 * Looks at the entries that are due: forgets those that nobody needs, and gives a payload for each stay whose media are
 * silent and for each room that is empty for too long. An entry that stays is due later, so that others come first.
 */
export async function expireJanus(memory: Memory, window: ListeningWindow): Promise<Payload[]> {
  const due = await memory.due<Entries[Kind]>(window.nowMs)
  const entries = due.flatMap(entry => dueEntry(entry) ?? [])
  for (const [emitter, group] of Map.groupBy(entries, entry => entry.emitter)) {
    await new EmitterMemory(memory, emitter, window.nowMs).load(group.flatMap(neighboursOf))
  }
  const payloads: Payload[] = []
  for (const entry of entries) {
    const payload = await expireEntry(memory, entry, window)
    if (payload !== undefined) payloads.push(payload)
  }
  return payloads
}

/** An entry that is due, and what its key says. */
interface DueEntry<K extends Kind> {
  readonly key: string
  readonly kind: K
  readonly emitter: string
  readonly id: EntryId
  readonly value: Entries[K]
}

async function expireEntry<K extends Kind>(
  memory: Memory,
  { key, kind, emitter, id }: DueEntry<K>,
  window: ListeningWindow,
): Promise<Payload | undefined> {
  const { nowMs } = window
  // Entries that were looked at before may have changed or deleted this one.
  const value = await memory.get<Entries[K]>(key)
  if (value === undefined) return undefined
  const changedAtMs = value.changedAtMs ?? nowMs
  const keep = (dueMs: number | undefined) => memory.set(key, { ...value, changedAtMs }, dueMs)
  const dueMs = dueMsOf(kind, value, changedAtMs)
  if (dueMs === undefined || dueMs > nowMs) {
    keep(dueMs)
    return undefined
  }
  const due = { id, value, changedAtMs, window, postpone: (ms: number) => keep(nowMs + ms) }
  return await EXPIRY[kind].expire({ ...due, memory: new EmitterMemory(memory, emitter, nowMs) })
}

function neighboursOf<K extends Kind>({ kind, value, id }: DueEntry<K>): readonly EntryRef[] {
  return EXPIRY[kind].neighbours(value, id)
}

/** An entry with the parts of its key. A part that was too long is there as its hash, which gives the same keys. */
function dueEntry({ key, value }: Entry<Entries[Kind]>): DueEntry<Kind> | undefined {
  const [kind, emitter = '', first = '', second] = key.split('|').map(decodeURIComponent)
  if (!isOneOf(KINDS, kind)) return undefined
  return { key, kind, emitter, id: entryIdOf(kind, first, second), value }
}

function entryIdOf(kind: Kind, first: string, second: string | undefined): EntryId {
  if (second === undefined) return first
  return kind === 'viewer'
    ? { nativeRoom: first, sessionId: second }
    : { nativeRoom: first, nativeId: second }
}
