import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Database } from './engine/database.ts'
import { openPostgres } from './engine/postgres/open-postgres.ts'
import { openSqlite } from './engine/sqlite/open-sqlite.ts'
import { createStore, type Store } from './store.ts'

const FILE_NAME = 'rollcall.db'

/** Enough for a command, since a command runs one statement at a time. */
const COMMAND_CONNECTIONS = 2

/**
 * Opens the store at a place, and migrates it: a `postgres:` URL, a folder (which gets a file `rollcall.db`), a path
 * that ends in `.db`, or a `file:` URL of either. Makes folders and files that are missing; only their owner can read
 * them, since they hold feed secrets. Throws an error whose message is a sentence for any other kind of URL.
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
export function openDatabase(place: string, connections = COMMAND_CONNECTIONS): Database {
  if (/^postgres(?:ql)?:/i.test(place)) return openPostgres(place, connections)
  const file = fileOf(place)
  if (!existsSync(file)) writeFileSync(file, '', { mode: 0o600 })
  return openSqlite(file)
}

function fileOf(place: string): string {
  if (/^(?!file:)[a-z][a-z+]+:/i.test(place)) {
    const scheme = place.slice(0, place.indexOf(':'))
    throw new Error(
      `No store for ${scheme}: URLs. Give a postgres: URL, a folder, a path ending in .db, or a file: URL.`,
    )
  }
  const path = place.startsWith('file:') ? fileURLToPath(new URL(place, pathToFileURL('./'))) : place
  const folder = path.endsWith('.db') ? join(path, '..') : path
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return path.endsWith('.db') ? path : join(path, FILE_NAME)
}
