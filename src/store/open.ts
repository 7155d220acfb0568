import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { openSqlite } from './sqlite.ts'
import { createStore, type Store } from './store.ts'

const FILE_NAME = 'rollcall.db'

/**
 * Opens the store at a place: a folder (made if missing, the file in it is `rollcall.db`), a path that ends in
 * `.db`, or a `file:` URL of either. Throws a sentence for any other kind of URL. Files are readable by their
 * owner alone, since feed secrets are in them.
 */
export async function openStore(place: string): Promise<Store> {
  const file = fileOf(place)
  if (!existsSync(file)) writeFileSync(file, '', { mode: 0o600 })
  return await createStore(openSqlite(file))
}

function fileOf(place: string): string {
  if (/^(?!file:)[a-z][a-z+]+:/i.test(place)) {
    const scheme = place.slice(0, place.indexOf(':'))
    throw new Error(`No store for ${scheme}: URLs. Give a folder, a path ending in .db, or a file: URL.`)
  }
  const path = place.startsWith('file:') ? fileURLToPath(new URL(place, pathToFileURL('./'))) : place
  const folder = path.endsWith('.db') ? join(path, '..') : path
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return path.endsWith('.db') ? path : join(path, FILE_NAME)
}
