import type { Connection, Work } from './database.ts'

/** A work on its way into a commit, and whom to tell. */
export interface Waiting {
  readonly work: Work<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

export const MAX_WORKS_A_COMMIT = 256

/**
 * Runs works in the transaction that the connection is in, each for itself: one that throws is undone alone. Gives what
 * tells each its outcome, to be called once all is committed. Throws what concerns them all, as `isOfAll` says.
 */
export async function runWorks(
  connection: Connection,
  works: readonly Waiting[],
  isOfAll: (error: unknown) => boolean,
): Promise<(() => void)[]> {
  const settle: (() => void)[] = []
  for (const { work, resolve, reject } of works) {
    await connection.run('savepoint work')
    try {
      const value = await work(connection)
      settle.push(() => resolve(value))
    } catch (error) {
      if (isOfAll(error)) throw error
      await connection.run('rollback to savepoint work')
      settle.push(() => reject(error))
    }
    await connection.run('release savepoint work')
  }
  return settle
}
