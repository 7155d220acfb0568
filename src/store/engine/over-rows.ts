import type { Connection, SqlValue } from './database.ts'

/** There are statements of so many rows and of one: the engines prepare and keep every text that they are given. */
const ROWS_A_STATEMENT = 50

/**
 * Runs a statement over rows, as many at a time as a statement takes, and then one by one. `statement` gets the text
 * that stands for the rows, `(?, ?), (?, ?)`; the rows that the statements return are concatenated.
 */
export async function overRows<Returned>(
  connection: Connection,
  rows: readonly (readonly SqlValue[])[],
  statement: (values: string) => string,
): Promise<Returned[]> {
  const returned: Returned[] = []
  for (let index = 0; index < rows.length; ) {
    const count = rows.length - index < ROWS_A_STATEMENT ? 1 : ROWS_A_STATEMENT
    const some = rows.slice(index, index + count)
    const marks = `(${some[0]?.map(() => '?').join(', ')})`
    const sql = statement(Array(count).fill(marks).join(', '))
    returned.push(...(await connection.all<Returned>(sql, some.flat())))
    index += count
  }
  return returned
}
