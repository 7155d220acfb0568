import { openStore } from '../store/open-store.ts'
import type { Store } from '../store/store.ts'
import { type CommandContext, CommandError } from './command.ts'

/** Opens the store that the settings name, runs `work` over it and closes it. Throws CommandError where it cannot open. */
export async function withStore(
  context: CommandContext,
  work: (store: Store) => Promise<void>,
): Promise<void> {
  const store = await open(context)
  try {
    await work(store)
  } finally {
    await store.close()
  }
}

async function open({ config }: CommandContext): Promise<Store> {
  try {
    return await openStore(config.database, config.databaseConnections)
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    throw new CommandError(`Cannot open the database: ${problem}`)
  }
}
