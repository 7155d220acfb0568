import type { Connection, Work } from './database.ts'

/** A work that waits for a commit, and the promise of whoever asked for it. */
export interface Waiting {
  readonly work: Work<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Runs works in the transaction that the connection is in. A work that throws is undone alone. Returns functions that
 * settle the works, to be called after the commit. Throws an error that `isOfAll` says to concern all works.
 */
export async function runWorks(
  connection: Connection,
  works: readonly Waiting[],
  isOfAll: (error: unknown) => boolean,
): Promise<(() => void)[]> {
  // A single work needs no savepoint: that saves two round trips.
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
