import type { Event } from '../event.ts'
import { NO_NUMBERS } from '../fold/numbers.ts'
import type { RecordSettings } from '../fold/participant-record.ts'
import { newRoom } from '../fold/room.ts'
import type { Store } from '../store/store.ts'
import { foldIntoRows, ofFeed } from './record-events.ts'

/** Folds every room's events again, each room in one transaction, so that answers never go empty. */
export async function rebuild(
  store: Store,
  settings: RecordSettings,
  progress: (done: number, rooms: number) => void,
): Promise<number> {
  const keys = await store.records.roomKeys()
  for (const [done, key] of keys.entries()) {
    await store.transact(async transaction => {
      const writer = transaction.room(key)
      const logged = await writer.events()
      const events = logged.map(({ feedId, body }) => ofFeed(JSON.parse(body) as Event, feedId)) // as it was appended
      await writer.clear()
      const state = newRoom(logged[0]?.feedKind ?? '')
      await foldIntoRows(writer, key, { state, numbers: NO_NUMBERS }, events, settings)
    })
    progress(done + 1, keys.length)
  }
  return keys.length
}
