import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import type { CommandContext } from './command.ts'

/** Runs a command's work over the store that the settings name, and closes it. */
export async function withStore(
  context: CommandContext,
  work: (store: Store) => Promise<void>,
): Promise<void> {
  const store = await openStore(context.config.database)
  try {
    await work(store)
  } finally {
    await store.close()
  }
}
