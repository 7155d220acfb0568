import type { ListeningWindow } from '../feed.ts'
import type { Payload } from '../payload.ts'
import { emptyPayload, heardPayload, silentPayload } from './conclusions.ts'
import { isHeardUnlogged, MEDIA_SILENCE_MS, UNUSED_MS } from './due.ts'
import type { EmitterMemory, EntryId, EntryRef } from './emitter-memory.ts'
import { type Entries, isOpenStay, type Kind } from './entries.ts'
import { forgetMember, memberAt, refreshMember } from './members.ts'
import { clearServer } from './server.ts'
import { forgetHandle, forgetSession } from './sessions.ts'
import { forgetViewer, mayHearEnd, viewerAt } from './viewers.ts'

/** What becomes of an entry of a kind that is due. */
export interface Expiry<K extends Kind> {
  /** Other entries that `expire` asks for: they are read by one statement for all that is due. */
  neighbours(value: Entries[K], id: EntryId): readonly EntryRef[]
  /** Forgets the entry, postpones the next look at it, or gives the payload of what is over. */
  expire(due: Due<K>): Promise<Payload | undefined>
}

/** An entry that is due, and the memory of its emitter. */
export interface Due<K extends Kind> {
  readonly id: EntryId
  readonly value: Entries[K]
  readonly changedAtMs: number
  readonly memory: EmitterMemory
  readonly window: ListeningWindow
  /** Keeps the entry as it is until so many milliseconds from now. */
  postpone(ms: number): void
}

/** An entry that could not be concluded is looked at after this time or later, so that it does not starve others. */
const AGAIN_MS = 30_000
const HOUR_MS = 3_600_000

export const EXPIRY: { readonly [K in Kind]: Expiry<K> } = {
  emitter: {
    neighbours: () => [],
    async expire({ id, value, memory, window, postpone }) {
      if (isHeardUnlogged(value)) {
        postpone(AGAIN_MS)
        return heardPayload(memory.emitter, value.lastMs, window.nowMs)
      }
      if (value.isStopping) await clearServer(memory)
      const isUsed = (await memory.list('room')).length + (await memory.list('member')).length > 0
      if (isUsed) postpone(UNUSED_MS)
      else memory.delete('emitter', id)
      return undefined
    },
  },

  transport: {
    neighbours: ({ sessionIds }) => sessionIds.map(id => ['session', id]),
    async expire({ id, value, memory, postpone }) {
      if (await hasAny(memory, 'session', value.sessionIds)) postpone(UNUSED_MS)
      else memory.delete('transport', id)
      return undefined
    },
  },

  session: {
    neighbours: ({ handleIds, transportId }) => [
      ...handleIds.map((id): EntryRef => ['handle', id]),
      ...refs('transport', transportId),
    ],
    async expire({ id, value, memory, postpone }) {
      if (await hasAny(memory, 'handle', value.handleIds)) postpone(UNUSED_MS)
      else await forgetSession(memory, String(id), value)
      return undefined
    },
  },

  handle: {
    neighbours: ({ sessionId, member, viewer }) => [
      ['session', sessionId],
      ...refs('member', member),
      ...refs('media', member),
      ...refs('viewer', viewer),
    ],
    async expire({ id, value, memory, postpone }) {
      const user = (await memberAt(memory, String(id))) ?? (await viewerAt(memory, String(id)))
      if (user !== undefined) postpone(UNUSED_MS)
      else await forgetHandle(memory, value.sessionId, String(id))
      return undefined
    },
  },

  room: {
    neighbours: () => [],
    async expire({ id, value, memory, window, postpone }) {
      const { nativeRoom, emptySinceMs, toldEmptyMs } = value
      if (emptySinceMs !== undefined && emptySinceMs !== toldEmptyMs) {
        postpone(AGAIN_MS)
        return emptyPayload(memory.emitter, value, emptySinceMs, window.nowMs)
      }
      // Members that are silent may show themselves again: they are still in this instance of the room.
      if ((await memory.list('member', nativeRoom)).length > 0) postpone(HOUR_MS)
      else memory.delete('room', id)
      return undefined
    },
  },

  member: {
    neighbours: ({ sessionId, handleId, nativeRoom, nativeId }) => [
      ...refs('session', sessionId),
      ...refs('handle', handleId),
      ['media', { nativeRoom, nativeId }],
    ],
    async expire({ value, changedAtMs, memory, window, postpone }) {
      const isSilent = value.toldSilentMs !== undefined && !value.isOver && !value.isSuperseded
      if (isOpenStay(value)) await refreshMember(memory, value)
      else if (isSilent && !window.wasHeard(changedAtMs, UNUSED_MS)) postpone(HOUR_MS)
      else await forgetMember(memory, value)
      return undefined
    },
  },

  viewer: {
    neighbours: ({ nativeRoom, handleIds }) => [
      ['room', nativeRoom],
      ...handleIds.map((id): EntryRef => ['handle', id]),
    ],
    async expire({ value, changedAtMs, memory, postpone }) {
      if (await mayHearEnd(memory, value)) postpone(UNUSED_MS)
      else await forgetViewer(memory, value, changedAtMs)
      return undefined
    },
  },

  media: {
    neighbours: (_, id) => [['member', id]],
    async expire({ id, value: { participantSid, lastMs }, memory, window, postpone }) {
      const member = await memory.get('member', id)
      const isOfStay = member?.participantSid === participantSid
      if (!isOfStay || member.isOver || member.toldSilentMs !== undefined) {
        memory.delete('media', id)
        return undefined
      }
      if (!window.wasHeard(lastMs, MEDIA_SILENCE_MS)) {
        // A feed that was silent for long may stay so: the looks become rarer.
        postpone(Math.max(AGAIN_MS, Math.round((window.nowMs - lastMs) / 10)))
        return undefined
      }
      postpone(AGAIN_MS)
      return silentPayload(memory.emitter, member, lastMs, window.nowMs)
    },
  },
}

function refs(kind: Kind, id: EntryId | undefined): readonly EntryRef[] {
  return id === undefined ? [] : [[kind, id]]
}

async function hasAny(memory: EmitterMemory, kind: Kind, ids: readonly string[]): Promise<boolean> {
  for (const id of ids) if ((await memory.get(kind, id)) !== undefined) return true
  return false
}
