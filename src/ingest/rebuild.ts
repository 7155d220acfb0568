import type { RecordSettings } from '../fold/participant-record.ts'
import type { RoomKey } from '../store/rooms/room-writer.ts'
import type { Store } from '../store/store.ts'
import { refoldRoom } from './fold-into-rows.ts'

/** Folds every room's events again, each room in one transaction, so that answers never go empty. */
export async function rebuild(
  store: Store,
  settings: RecordSettings,
  progress: (done: number, rooms: number) => void,
): Promise<number> {
  const keys = await everyRoom(store)
  for (const [done, key] of keys.entries()) {
    await store.transact(async transaction => {
      const writer = transaction.room(key)
      await writer.lock()
      await refoldRoom({ writer, key, settings })
    })
    progress(done + 1, keys.length)
  }
  return keys.length
}

/** In pages: no engine is asked to walk through a whole history at once. */
async function everyRoom({ records }: Store): Promise<RoomKey[]> {
  const keys: RoomKey[] = []
  for (let page = await records.roomKeys(); page.length > 0; page = await records.roomKeys(keys.at(-1))) {
    keys.push(...page)
  }
  return keys
}
