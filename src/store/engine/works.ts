import type { Connection, Work } from './database.ts'

/** A work that waits for a commit, and how its promise is settled. */
export interface Waiting {
  readonly work: Work<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Runs works in the transaction that the connection is in. If a work throws, only that work is undone. Resolves to
 * functions that settle the promises of the works; call them after the commit. Throws an error if `isOfAll` says that
 * it concerns all works.
 */
export async function runWorks(
  connection: Connection,
  works: readonly Waiting[],
  isOfAll: (error: unknown) => boolean,
): Promise<(() => void)[]> {
  // A single work needs no savepoint. This saves two round trips.
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
