import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Database } from './engine/database.ts'
import { openPostgres } from './engine/postgres/open-postgres.ts'
import { openSqlite } from './engine/sqlite/open-sqlite.ts'
import { readSqlite } from './engine/sqlite/read-sqlite.ts'
import { placeOf } from './place.ts'
import { refuseOtherSchema, schemaVersion } from './schema/migrate.ts'
import { createStore, type Store } from './store.ts'

/** Enough for a command, since a command runs one statement at a time. */
const COMMAND_CONNECTIONS = 2

/**
 * Opens the store at a place, and migrates it: a `postgres:` URL, a folder (which gets a file `rollcall.db`), a path
 * that ends in `.db`, or a `file:` URL of either. Makes folders and files that are missing; only their owner can read
 * them, since they hold feed secrets. Throws the error of `placeOf` for any other text.
 */
export async function openStore(place: string, connections = COMMAND_CONNECTIONS): Promise<Store> {
  return await storeOver(openDatabase(place, connections))
}

/**
 * Opens the store that is at a place. Makes nothing, and does not migrate: throws an error whose message is a sentence
 * if there is no database, or one with another schema. With `read` nothing in it changes, and nothing can be stored.
 */
export async function openExistingStore(
  place: string,
  access: 'read' | 'write',
  connections = COMMAND_CONNECTIONS,
): Promise<Store> {
  if (access === 'write') {
    // Opening a file to write changes it, which a file of another schema must not be.
    const seen = openExisting(place)
    await refuseOtherSchema(seen).finally(() => seen.close())
    return await storeOver(openDatabase(place, connections), refuseOtherSchema)
  }
  return await storeOver(openExisting(place), refuseOtherSchema)
}

/** As `openStore` for a place where nothing is, or an empty database; for any other as `openExistingStore`. */
export async function openNewOrExistingStore(place: string, connections: number): Promise<Store> {
  return (await isEmpty(place))
    ? await openStore(place, connections)
    : await openExistingStore(place, 'write', connections)
}

async function isEmpty(place: string): Promise<boolean> {
  if (!exists(place)) return true
  const database = openExisting(place)
  return (await schemaVersion(database).finally(() => database.close())) === 0
}

async function storeOver(
  database: Database,
  prepare?: (database: Database) => Promise<void>,
): Promise<Store> {
  try {
    return await createStore(database, prepare)
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

/** False if there is no file at the place. Whether there is a PostgreSQL database shows only when it is used. */
export function exists(text: string): boolean {
  const place = placeOf(text)
  return place.engine === 'postgres' || statSync(place.file, { throwIfNoEntry: false }) !== undefined
}

/**
 * Opens the database that is at a place only to read it, whatever its schema. Throws an error whose message is a
 * sentence if there is none.
 */
export function openExisting(text: string): Database {
  const place = placeOf(text)
  if (place.engine === 'postgres') return openPostgres(place.url, COMMAND_CONNECTIONS)
  if (!exists(text)) {
    throw new Error(
      `There is no database at ${place.file}: the first rollcall serve makes it, or rollcall account add.`,
    )
  }
  return readSqlite(place.file)
}
