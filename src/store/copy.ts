import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Connection, type Database, type SqlValue, StoreUnavailableError } from './engine/database.ts'
import { overRows } from './engine/over-rows.ts'
import { TABLES, type Table } from './schema/tables.ts'

const PAGE_ROWS = 250
/** A small table is compared as a whole: two of its rows may have exchanged a unique value. */
const SMALL_TABLE_ROWS = 10_000
/** Tables whose rows are never removed, except by a rebuild. */
const LEDGERS = ['events', 'feed_payloads']

type Row = Readonly<Record<string, SqlValue>>
type Key = readonly string[]

/** What a copy did. */
export interface Copied {
  /** The number of rows of the source that are in the destination after the copy. */
  readonly rows: number
  /** How many of them were missing in the destination, or differed there. */
  readonly written: number
  /** How many rows were removed from the destination, because the source does not have them. */
  readonly removed: number
  /** False if the copy was stopped before the end. */
  readonly isWhole: boolean
}

/** The copy would lose data of the destination, or the source is empty. The message is a sentence. */
export class CopyRefusedError extends Error {
  override name = 'CopyRefusedError'
}

/**
 * Makes the destination hold the rows of the source, and no others. Each may be SQLite or PostgreSQL; both have the
 * schema of this version. Equal rows are only read. Each page of rows is a transaction, so that a copy that is stopped
 * or killed loses nothing, and the next run does the rest. Throws CopyRefusedError if the destination has an account,
 * an event, a payload or a server of its own. Rows that are added to the source during a run may be missing until the
 * next.
 */
export async function copyStore(
  from: Database,
  to: Database,
  options: { progress: (done: number, all: number) => void; stop?: AbortSignal },
): Promise<Copied> {
  await refuseStrangers(from.reader, to.reader)
  const tables = Object.entries(TABLES)
  let all = 0
  // The count serves the progress alone: a table whose count exceeds the time limit of a statement counts as 0.
  for (const [name] of tables) all += await countRows(from.reader, name).catch(() => 0)
  const copied = { rows: 0, written: 0, removed: 0 }
  for (const [name, table] of tables) {
    for await (const page of mirror(name, table, from, to)) {
      copied.rows += page.rows
      copied.written += page.written
      copied.removed += page.removed
      options.progress(copied.rows, Math.max(all, copied.rows))
      if (options.stop?.aborted === true) return { ...copied, isWhole: false }
    }
  }
  return { ...copied, isWhole: true }
}

async function refuseStrangers(from: Connection, to: Connection): Promise<void> {
  const [here, there] = await Promise.all([from, to].map(databaseId))
  if (here === there) throw new CopyRefusedError('The destination is the source itself.')
  const [known = [], others = []] = await Promise.all([from, to].map(accountSids))
  if (known.length === 0) throw new CopyRefusedError('The source has no account: there is nothing to copy.')
  const stranger = others.find(accountSid => !known.includes(accountSid))
  if (stranger === undefined) return
  throw new CopyRefusedError(
    `The destination has account ${stranger}, which the source does not have: give an empty database.`,
  )
}

/**
 * Refuses a destination on which a server has run: every server has a row in `servers` from its start on. The source
 * may have deleted old rows, so a row that is older than all rows of the source does not count.
 */
async function refuseServed(from: Connection, to: Connection): Promise<void> {
  const theirs = await serversIn(to)
  // Read after the destination, so that a row that was copied from the source is found here.
  const known = await serversIn(from)
  const ids = new Set(known.map(({ id }) => id))
  const oldestMs = known[0]?.untilMs ?? 0
  if (theirs.every(({ id, untilMs }) => ids.has(id) || untilMs < oldestMs)) return
  throw new CopyRefusedError(
    'A server has run on the destination, and what it received would be lost: give an empty database.',
  )
}

/** Copies a table page by page, in the order of its key. Yields after each page. */
async function* mirror(name: string, { key, shardedBy }: Table, from: Database, to: Database) {
  const limit = shardedBy === undefined ? SMALL_TABLE_ROWS : PAGE_ROWS
  for (let after: Key | undefined; ; ) {
    // SQLite reads without a turn of the event loop, and a signal to stop comes only with one.
    await nextTurn()
    const [source, target] = await Promise.all([
      told(`Reading ${name} of the source`, readPage(from.reader, name, key, after, limit)),
      told(`Reading ${name} of the destination`, readPage(to.reader, name, key, after, limit)),
    ])
    // The page ends where the shorter of the two ends: up to there both were read.
    const ends = [source, target].flatMap(rows => (rows.length < limit ? [] : rows.slice(-1)))
    const [until] = ends.map(row => keyOf(key, row)).sort(compareKeys)
    const isRead = (row: Row) => until === undefined || compareKeys(keyOf(key, row), until) <= 0
    const page = differenceOf(key, source.filter(isRead), target.filter(isRead))
    await told(`Writing ${name} of the destination`, write(name, key, page, from, to))
    yield { rows: page.rows, written: page.insert.length, removed: page.gone }
    if (until === undefined) return
    after = until
  }
}

/** The changes that make the destination's rows equal to the source's. A row that differs is removed and inserted. */
function differenceOf(key: Key, source: readonly Row[], target: readonly Row[]) {
  const idOf = (row: Row) => JSON.stringify(keyOf(key, row))
  const wanted = new Set(source.map(idOf))
  const had = new Map(target.map(row => [idOf(row), row]))
  const insert = source.filter(row => !isSame(row, had.get(idOf(row))))
  const gone = target.filter(row => !wanted.has(idOf(row)))
  const remove = [...gone, ...insert.filter(row => had.has(idOf(row)))]
  return { rows: source.length, gone: gone.length, insert, remove }
}

type Difference = ReturnType<typeof differenceOf>

async function write(name: string, key: Key, page: Difference, from: Database, to: Database): Promise<void> {
  if (page.gone > 0 && LEDGERS.includes(name)) {
    throw new CopyRefusedError(
      `The destination has rows of ${name} that the source does not have and that would be lost: give an empty database.`,
    )
  }
  if (page.insert.length + page.remove.length === 0) return
  await to.transact(async connection => {
    await refuseServed(from.reader, connection)
    const valuesIn = (columns: Key, rows: readonly Row[]) =>
      rows.map(row => columns.map(column => row[column] ?? null))
    await overRows(
      connection,
      valuesIn(key, page.remove),
      values => `delete from ${name} where (${key.join(', ')}) in (values ${values})`,
    )
    const columns = Object.keys(page.insert[0] ?? {})
    await overRows(
      connection,
      valuesIn(columns, page.insert),
      values => `insert into ${name} (${columns.join(', ')}) values ${values}`,
    )
  })
}

async function readPage(
  connection: Connection,
  name: string,
  key: Key,
  after: Key | undefined,
  limit: number,
): Promise<Row[]> {
  const columns = key.join(', ')
  const where = after === undefined ? '' : `where (${columns}) > (${key.map(() => '?').join(', ')})`
  const sql = `select * from ${name} ${where} order by ${columns} limit ?`
  return await connection.all<Row>(sql, [...(after ?? []), limit])
}

function isSame(row: Row, other: Row | undefined): boolean {
  return other !== undefined && Object.entries(row).every(([column, value]) => value === other[column])
}

function keyOf(key: Key, row: Row): Key {
  return key.map(column => {
    const value = row[column]
    if (typeof value !== 'string') throw new Error(`The key column ${column} holds no text.`)
    return value
  })
}

/** Compares keys by their bytes in UTF-8, as the engines do. JavaScript orders characters above U+FFFF differently. */
function compareKeys(a: Key, b: Key): number {
  for (const [index, text] of a.entries()) {
    const order = Buffer.compare(Buffer.from(text), Buffer.from(b[index] ?? ''))
    if (order !== 0) return order
  }
  return 0
}

async function databaseId(connection: Connection): Promise<string | undefined> {
  const rows = await connection.all<{ id: string }>(`select id from ${connection.dialect.thisDatabase}`)
  return rows[0]?.id
}

async function accountSids(connection: Connection): Promise<string[]> {
  const rows = await connection.all<{ id: string }>(
    'select account_sid id from accounts order by account_sid',
  )
  return rows.map(({ id }) => id)
}

async function serversIn(connection: Connection) {
  const sql = 'select server_id id, until_ms "untilMs" from servers order by until_ms'
  return await connection.all<{ id: string; untilMs: number }>(sql)
}

async function countRows(connection: Connection, name: string): Promise<number> {
  const rows = await connection.all<{ count: number }>(`select count(*) count from ${name}`)
  return rows[0]?.count ?? 0
}

/** Adds to the message of an error what was being done. */
async function told<T>(where: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof CopyRefusedError || !(error instanceof Error)) throw error
    const reason =
      error instanceof StoreUnavailableError && error.cause instanceof Error ? error.cause : error
    throw new Error(`${where}: ${reason.message}`, { cause: error })
  }
}
