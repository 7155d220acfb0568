import { setImmediate } from 'node:timers/promises'

/**
 * Yields pages until one is empty. `read` reads the page after an entry, or the first page. Lets other work of the
 * process run between two pages.
 */
export async function* pagesOf<T>(read: (after?: T) => Promise<T[]>): AsyncGenerator<T[]> {
  for (let page = await read(); page.length > 0; page = await read(page.at(-1))) {
    yield page
    await setImmediate()
  }
}
