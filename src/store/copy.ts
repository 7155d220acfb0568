import { type Connection, type Database, type SqlValue, StoreUnavailableError } from './engine/database.ts'
import { TABLES, type Table } from './schema/tables.ts'

const PAGE_ROWS = 250
/** All of a table that is small: among its rows, what is unique may have been exchanged. */
const SMALL_TABLE_ROWS = 10_000
/** There are statements of so many rows and of one: the engines keep every text that they are given. */
const ROWS_A_STATEMENT = 50
/** What is only ever added to. */
const LEDGERS = ['events', 'feed_payloads']

type Row = Readonly<Record<string, SqlValue>>
type Key = readonly string[]

/** What a copy did. */
export interface Copied {
  /** Rows of the source that the destination has now. */
  readonly rows: number
  /** Those of them that it had not, or had otherwise. */
  readonly written: number
  /** Rows that the source has no more. */
  readonly removed: number
  /** False where it was stopped before it had looked at all. */
  readonly isWhole: boolean
}

/** The destination has what would be lost, or the source has nothing; the message is a sentence. */
export class CopyRefusedError extends Error {
  override name = 'CopyRefusedError'
}

/**
 * Makes the destination hold the rows of the source, and no others; of either engine, both with today's schema. What is
 * the same in both is only read, and each page of rows is a transaction: stopped or killed anywhere it loses nothing,
 * and run again it goes on. Throws CopyRefusedError where the destination has heard something itself; what it has heard
 * is never removed. Rows that the source gets meanwhile may be missing until the next run.
 */
export async function copyStore(
  from: Database,
  to: Database,
  options: { progress: (done: number, all: number) => void; stop?: AbortSignal },
): Promise<Copied> {
  await refuseStrangers(from.reader, to.reader)
  const tables = Object.entries(TABLES)
  let all = 0
  // For the progress alone: a table that takes longer to count than an answer may is not waited for.
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
    `The destination has account ${stranger}, which the source has not: give an empty database.`,
  )
}

/**
 * Every running server has a row in `servers` from its start on. A row that the source lacks is of a server of the
 * destination, unless it is older than all that the source has: those the source may have forgotten.
 */
async function refuseServed(from: Connection, to: Connection): Promise<void> {
  const theirs = await serversIn(to)
  // Read last: what was copied from the source is there.
  const known = await serversIn(from)
  const ids = new Set(known.map(({ id }) => id))
  const oldestMs = known[0]?.untilMs ?? 0
  if (theirs.every(({ id, untilMs }) => ids.has(id) || untilMs < oldestMs)) return
  throw new CopyRefusedError(
    'A server has run on the destination, and what it heard would be lost: give an empty database.',
  )
}

/** Goes through a table in the order of its key; each turn one page. */
async function* mirror(name: string, { key, shardedBy }: Table, from: Database, to: Database) {
  const limit = shardedBy === undefined ? SMALL_TABLE_ROWS : PAGE_ROWS
  for (let after: Key | undefined; ; ) {
    const [source, target] = await Promise.all([
      told(`Reading ${name} of the source`, readPage(from.reader, name, key, after, limit)),
      told(`Reading ${name} of the destination`, readPage(to.reader, name, key, after, limit)),
    ])
    // As far as both were read.
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

/** What makes the rows of the destination those of the source. A row that differs is removed, and written anew. */
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
      `The destination has rows of ${name} that the source has not, and they would be lost: give an empty database.`,
    )
  }
  if (page.insert.length + page.remove.length === 0) return
  await to.transact(async connection => {
    await refuseServed(from.reader, connection)
    await inStatements(key, page.remove, async (values, params) => {
      await connection.run(`delete from ${name} where (${key.join(', ')}) in (values ${values})`, params)
    })
    const columns = Object.keys(page.insert[0] ?? {})
    await inStatements(columns, page.insert, async (values, params) => {
      await connection.run(`insert into ${name} (${columns.join(', ')}) values ${values}`, params)
    })
  })
}

/** Calls `run` with these columns of all rows, as many rows at a time as a statement has, and then one by one. */
async function inStatements(
  columns: readonly string[],
  rows: readonly Row[],
  run: (values: string, params: SqlValue[]) => Promise<void>,
): Promise<void> {
  const marks = `(${columns.map(() => '?').join(', ')})`
  for (let index = 0; index < rows.length; ) {
    const count = rows.length - index < ROWS_A_STATEMENT ? 1 : ROWS_A_STATEMENT
    const params = rows.slice(index, index + count).flatMap(row => columns.map(name => row[name] ?? null))
    await run(Array(count).fill(marks).join(', '), params)
    index += count
  }
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

/** By their bytes, as the engines do; JavaScript's own order of strings is another beyond U+FFFF. */
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

/** Says where it was that something failed, and why. */
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
