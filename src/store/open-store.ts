import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Database } from './engine/database.ts'
import { openPostgres } from './engine/postgres/open-postgres.ts'
import { openSqlite } from './engine/sqlite/open-sqlite.ts'
import { placeOf } from './place.ts'
import { createStore, type Store } from './store.ts'

/** Enough for a command, since a command runs one statement at a time. */
const COMMAND_CONNECTIONS = 2

/**
 * Opens the store at a place, and migrates it: a `postgres:` URL, a folder (which gets a file `rollcall.db`), a path
 * that ends in `.db`, or a `file:` URL of either. Makes folders and files that are missing; only their owner can read
 * them, since they hold feed secrets. Throws the error of `placeOf` for any other text.
 */
export async function openStore(place: string, connections = COMMAND_CONNECTIONS): Promise<Store> {
  const database = openDatabase(place, connections)
  try {
    return await createStore(database)
  } catch (error) {
    await database.close()
    throw error
  }
}

/** Opens the database at a place, which has the same forms as for `openStore`. Does not migrate its schema. */
export function openDatabase(text: string, connections = COMMAND_CONNECTIONS): Database {
  const place = placeOf(text)
  if (place.engine === 'postgres') return openPostgres(place.url, connections)
  mkdirSync(dirname(place.file), { recursive: true, mode: 0o700 })
  if (!existsSync(place.file)) writeFileSync(place.file, '', { mode: 0o600 })
  return openSqlite(place.file)
}
