import { openExistingStore, openNewOrExistingStore, openStore } from '../store/open-store.ts'
import type { Store } from '../store/store.ts'
import { type CommandContext, CommandError } from './command.ts'

type Work = (store: Store) => Promise<void>

/**
 * Opens the store that the settings name, runs `work` over it and closes it. Makes and migrates nothing. Throws
 * CommandError where there is no store, where its schema is another one, or where it cannot be opened.
 */
export function withStore(context: CommandContext, work: Work): Promise<void> {
  return run(
    ({ database, databaseConnections }) => openExistingStore(database, 'write', databaseConnections),
    context,
    work,
  )
}

/** As `withStore`, for a command that changes nothing in the database. */
export function readStore(context: CommandContext, work: Work): Promise<void> {
  return run(({ database }) => openExistingStore(database, 'read'), context, work)
}

/** As `withStore`, but makes the database if there is none. */
export function withNewOrExistingStore(context: CommandContext, work: Work): Promise<void> {
  return run(
    ({ database, databaseConnections }) => openNewOrExistingStore(database, databaseConnections),
    context,
    work,
  )
}

/** As `withStore`, but makes the database if there is none, and migrates it. */
export function withMigratedStore(context: CommandContext, work: Work): Promise<void> {
  return run(({ database, databaseConnections }) => openStore(database, databaseConnections), context, work)
}

async function run(
  open: (config: CommandContext['config']) => Promise<Store>,
  context: CommandContext,
  work: Work,
): Promise<void> {
  const store = await opened(() => open(context.config))
  try {
    await work(store)
  } finally {
    await store.close()
  }
}

async function opened(open: () => Promise<Store>): Promise<Store> {
  try {
    return await open()
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    throw new CommandError(`Cannot open the database: ${problem}`)
  }
}
