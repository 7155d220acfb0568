/** Few enough that none waits too long for a connection to the database, and enough to share commits. */
const AT_ONCE = 100

/** Calls `work` for all of them, AT_ONCE at a time. Rejects if a work does. */
export async function inGroups<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < all.length; from += AT_ONCE) {
    await Promise.all(all.slice(from, from + AT_ONCE).map(work))
  }
}
