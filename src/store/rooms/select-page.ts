import type { Connection, SqlValue } from '../engine/database.ts'

/** The rows of a page in list order. A page before a position is read backwards and then reversed. */
export async function selectPage<Row extends Position>(
  reader: Connection,
  page: Page,
  query: Query,
): Promise<Row[]> {
  const [ms, sid] = query.key
  const backwards = page.before !== undefined
  const descending = query.descending !== backwards
  const where = [...query.where]
  const params = [...query.params]
  const from = page.before ?? page.after
  if (from !== undefined) {
    where.push(`(${ms}, ${sid}) ${descending ? '<' : '>'} (?, ?)`)
    params.push(from.ms, from.sid)
  }
  const direction = descending ? 'desc' : 'asc'
  const rows = await reader.all<Row>(
    `${query.select} where ${where.join(' and ')} order by ${ms} ${direction}, ${sid} ${direction} limit ?`,
    [...params, page.limit],
  )
  return backwards ? rows.reverse() : rows
}

/** A place in a list. Rows before and after it are found by comparing with it. */
export interface Position {
  readonly ms: number
  readonly sid: string
}

/** A row of a list: its place, and the resource as JSON without what depends on the request, such as URLs. */
export interface RecordRow extends Position {
  readonly record: string
}

/** `limit` rows after a position or before one; from the start of the list if neither is given. */
export interface Page {
  readonly limit: number
  readonly after?: Position | undefined
  readonly before?: Position | undefined
}

/** A list: what is selected, the columns that make the place of a row, and the order. */
export interface Query {
  select: string
  where: string[]
  params: SqlValue[]
  key: readonly [ms: string, sid: string]
  descending: boolean
}
