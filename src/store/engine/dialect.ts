/** A value that both engines take as a parameter. */
export type SqlValue = string | number | null

/**
 * The pieces of SQL in which the engines differ. The store puts them into statements that are otherwise the same for
 * both engines, with `?` for parameters.
 */
export interface Dialect {
  readonly name: 'sqlite' | 'postgres'
  /** What stands for the n-th `?` of a statement; the first is 1. */
  readonly parameter: (n: number) => string
  /** The type of a text column, ordered by the bytes of its UTF-8, so that the texts with one prefix are a range. */
  readonly text: string
  /** The end of a select that locks its rows until the transaction ends. */
  readonly forUpdate: string
  /** The condition that a column is one of the values of a list parameter. */
  readonly isOneOf: (column: string, type?: 'text' | 'bigint') => string
  /** A table with the column `value` and a row for each value of a list parameter. */
  readonly eachOf: string
  /** A table with the columns `a` and `b`, both text, and a row for each pair of a parameter that `pairs` makes. */
  readonly eachPair: string
  /** The list parameter that holds these values. */
  readonly list: (values: readonly (string | number)[]) => SqlValue
  /** What stands behind a table that is to be read by this index. PostgreSQL chooses by its statistics. */
  readonly indexedBy: (index: string) => string
  /** An integer member of a column that holds a JSON object; null if it is missing. */
  readonly integerIn: (column: string, member: string) => string
  /** A table with the column `name` and a row for each table of the database. */
  readonly allTables: string
  /** A table of one row, whose column `id` differs from that of every other database. */
  readonly thisDatabase: string
}

export const DIALECTS = {
  sqlite: {
    name: 'sqlite',
    parameter: () => '?',
    text: 'text',
    // A transaction that writes locks the whole file.
    forUpdate: '',
    isOneOf: column => `${column} in (select value from json_each(?))`,
    eachOf: '(select value from json_each(?)) each_of',
    eachPair: '(select value ->> 0 a, value ->> 1 b from json_each(?)) each_pair',
    list: values => JSON.stringify(values),
    indexedBy: index => `indexed by ${index}`,
    integerIn: (column, member) => `json_extract(${column}, '$.${member}')`,
    allTables: `(select name from sqlite_master where type = 'table') all_tables`,
    thisDatabase: `(select file id from pragma_database_list where name = 'main') this_database`,
  },
  postgres: {
    name: 'postgres',
    parameter: n => `$${n}`,
    text: 'text collate "C"',
    forUpdate: 'for update',
    // With an array, the planner uses the index even if it has no statistics of the table.
    isOneOf: (column, type = 'text') => `${column} = any(cast(? as ${type}[]))`,
    eachOf: '(select unnest(cast(? as text[])) "value") each_of',
    eachPair:
      '(select value ->> 0 a, value ->> 1 b from json_array_elements(cast(? as json)) pairs (value)) each_pair',
    list: arrayLiteral,
    indexedBy: () => '',
    integerIn: (column, member) => `cast(cast(${column} as json) ->> '${member}' as bigint)`,
    allTables: '(select tablename name from pg_tables where schemaname = current_schema()) all_tables',
    thisDatabase: `(select concat_ws(' ', extract(epoch from pg_postmaster_start_time()), current_database(), current_schema()) id)
      this_database`,
  },
} as const satisfies Record<string, Dialect>

/** The parameter that holds these pairs, for `eachPair`. */
export function pairs(values: readonly (readonly [string, string | number])[]): SqlValue {
  return JSON.stringify(values)
}

/** A statement with its parameters as the engine writes them. */
export function withParameters({ parameter }: Dialect, sql: string): string {
  let n = 0
  return sql.replace(/\?/g, () => parameter(++n))
}

/** An array literal, with each value quoted, and quotes and backslashes escaped (PostgreSQL documentation, 8.15.2). */
function arrayLiteral(values: readonly (string | number)[]): string {
  return `{${values.map(value => `"${String(value).replace(/["\\]/g, '\\$&')}"`).join(',')}}`
}
