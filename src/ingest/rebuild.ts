import type { RecordSettings } from '../fold/participant-record.ts'
import type { Store } from '../store/store.ts'
import { refoldRoom } from './fold-into-rows.ts'

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
      await writer.lock()
      await refoldRoom({ writer, key, settings })
    })
    progress(done + 1, keys.length)
  }
  return keys.length
}
