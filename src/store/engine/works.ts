import type { Connection, Work } from './database.ts'

/** A work on its way into a commit, and whom to tell. */
export interface Waiting {
  readonly work: Work<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Runs works in the transaction that the connection is in, each for itself: one that throws is undone alone. Gives what
 * tells each its outcome, to be called once all is committed. Throws what concerns them all, as `isOfAll` says.
 */
export async function runWorks(
  connection: Connection,
  works: readonly Waiting[],
  isOfAll: (error: unknown) => boolean,
): Promise<(() => void)[]> {
  // One alone needs no savepoint, which would be two more ways to the engine and back.
  const isAlone = works.length === 1
  const undo = isAlone ? ['rollback', 'begin'] : ['rollback to savepoint work']
  const settle: (() => void)[] = []
  for (const { work, resolve, reject } of works) {
    if (!isAlone) await connection.run('savepoint work')
    try {
      const value = await work(connection)
      settle.push(() => resolve(value))
    } catch (error) {
      if (isOfAll(error)) throw error
      for (const statement of undo) await connection.run(statement)
      settle.push(() => reject(error))
    }
    if (!isAlone) await connection.run('release savepoint work')
  }
  return settle
}
