import type { Connection, SqlValue } from './database.ts'

/** The engines keep every text that they prepare. So there are texts of 1, 2, 4 … rows only, up to this many. */
const MAX_ROWS = 64

/**
 * Runs a statement for all rows, up to MAX_ROWS at a time. `statement` makes its text from the placeholders of the
 * rows, like `(?, ?), (?, ?)`. Resolves to all rows that the statements returned.
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
