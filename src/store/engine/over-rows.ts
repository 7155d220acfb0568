import type { Connection, SqlValue } from './database.ts'

/** The engines prepare and keep every text that they are given: there are texts of 1, 2, 4 … rows, up to this many. */
const MAX_ROWS = 64

/**
 * Runs a statement over rows, as many at a time as one of its texts takes. `statement` gets the text that stands for the
 * rows, `(?, ?), (?, ?)`; the rows that the statements return are concatenated.
 */
export async function overRows<Returned>(
  connection: Connection,
  rows: readonly (readonly SqlValue[])[],
  statement: (values: string) => string,
): Promise<Returned[]> {
  const returned: Returned[] = []
  for (let index = 0; index < rows.length; ) {
    const count = Math.min(2 ** Math.floor(Math.log2(rows.length - index)), MAX_ROWS)
    const some = rows.slice(index, index + count)
    const marks = `(${some[0]?.map(() => '?').join(', ')})`
    const sql = statement(Array(count).fill(marks).join(', '))
    returned.push(...(await connection.all<Returned>(sql, some.flat())))
    index += count
  }
  return returned
}
