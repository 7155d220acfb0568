import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { TABLES } from '../../src/store/schema/tables.ts'

/** The database of which others are copies. It has the schema of this version. */
export const TEMPLATE = 'template_of_tests'

/** The engine under test: `TEST_ENGINE`, or SQLite. */
export const ENGINE = process.env['TEST_ENGINE'] === 'postgres' ? 'postgres' : 'sqlite'

/** A place for a store. `remove` is called once the store is closed. */
export interface Place {
  readonly place: string
  readonly remove: () => Promise<void>
}

/** A new place for a store of the engine under test. */
export async function newPlace(): Promise<Place> {
  return ENGINE === 'postgres' ? await newPostgres() : await newFolder()
}

/** A new place of the engine under test without any schema. */
export async function newEmptyPlace(): Promise<Place> {
  return ENGINE === 'postgres' ? await newPostgres('template1') : await newFolder()
}

/** The URL of a new PostgreSQL database with the schema of this version, or a copy of another template. */
export async function newPostgres(template = TEMPLATE): Promise<Place> {
  const server = process.env['TEST_POSTGRES_URL']
  if (server === undefined) throw new Error('There is no server: run the tests by npm test')
  const used = template === TEMPLATE ? emptied.pop() : undefined
  const name = used ?? `test_${randomUUID().replaceAll('-', '')}`
  if (used === undefined) await runSql(server, `create database ${name} template ${template}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  const drop = () => dropDatabase(name)
  return { place: url.href, remove: template === TEMPLATE ? () => empty(url.href, name).catch(drop) : drop }
}

/** Emptied databases, which are used again, because making one takes ten times as long. The server ends with them. */
const emptied: string[] = []

/** Empties a database so that it can be used again. Rejects if a test has changed its schema. */
async function empty(place: string, name: string): Promise<void> {
  await runSql(place, `set lock_timeout = '2s'; truncate ${Object.keys(TABLES).join(', ')}`)
  emptied.push(name)
}

export async function newFolder(): Promise<Place> {
  const place = await mkdtemp(join(tmpdir(), 'rollcall-test-'))
  return { place, remove: () => rm(place, { recursive: true, force: true, maxRetries: 5 }) }
}

export async function alterDatabase(name: string, change: string): Promise<void> {
  await runSql(process.env['TEST_POSTGRES_URL'] ?? '', `alter database ${name} ${change}`)
}

export async function dropDatabase(name: string): Promise<void> {
  await runSql(process.env['TEST_POSTGRES_URL'] ?? '', `drop database ${name} with (force)`)
}

async function runSql(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
