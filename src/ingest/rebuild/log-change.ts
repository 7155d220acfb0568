import { isDeepStrictEqual } from 'node:util'
import { indexable } from '../../store/indexable.ts'
import type { LoggedEvent, StoredEvent } from '../../store/rooms/event-log.ts'

/** The smallest change that makes the log hold these events. */
export function logChange(logged: readonly StoredEvent[], final: readonly LoggedEvent[]) {
  const before = new Map(logged.map(event => [idOf(event), event]))
  const after = new Map(final.map(event => [idOf(event), event]))
  return {
    put: [...after].flatMap(([id, event]) => (isSame(before.get(id), event) ? [] : [event])),
    remove: logged.filter(event => !after.has(idOf(event))),
  }
}

function isSame(known: LoggedEvent | undefined, { event, payload }: LoggedEvent): boolean {
  return isDeepStrictEqual([known?.event, known?.payload], [event, payload])
}

/** What an event of a room's log is found by. */
export function idOf({ feedId, event }: { feedId: string; event: { key: string } }): string {
  return `${feedId} ${indexable(event.key)}`
}
