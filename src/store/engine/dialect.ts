/** A value that every engine takes as a parameter. */
export type SqlValue = string | number | null

/**
 * What engines write differently. The store's SQL is otherwise one text, with `?` for parameters: these are the pieces
 * that are put into it.
 */
export interface Dialect {
  readonly name: 'sqlite' | 'postgres'
  /** The n-th `?` of a statement, from 1 on. */
  readonly parameter: (n: number) => string
  /** The type of a text column, ordered by the bytes of its UTF-8: prefixes are ranges in that order. */
  readonly text: string
  /** At the end of a select: keeps the rows to this transaction until it ends. */
  readonly forUpdate: string
  /** True in SQL where the column is one of the values of a list parameter. */
  readonly isOneOf: (column: string, type?: 'text' | 'bigint') => string
  /** A table with a row for each value of a list parameter; its column is `value`. */
  readonly eachOf: string
  /** The list parameter that holds these values. */
  readonly list: (values: readonly (string | number)[]) => SqlValue
  /** The integer member of a column that holds a JSON object; null where it is missing. */
  readonly integerIn: (column: string, member: string) => string
  /** The names of all tables, as a table with the column `name`. */
  readonly allTables: string
  /** What tells this database from any other, as a table of one row with the column `id`. */
  readonly thisDatabase: string
}

export const DIALECTS = {
  sqlite: {
    name: 'sqlite',
    parameter: () => '?',
    text: 'text',
    // The one writer holds the lock of the whole file.
    forUpdate: '',
    isOneOf: column => `${column} in (select value from json_each(?))`,
    eachOf: '(select value from json_each(?)) each_of',
    list: values => JSON.stringify(values),
    integerIn: (column, member) => `json_extract(${column}, '$.${member}')`,
    allTables: `(select name from sqlite_master where type = 'table') all_tables`,
    thisDatabase: `(select file id from pragma_database_list where name = 'main') this_database`,
  },
  postgres: {
    name: 'postgres',
    parameter: n => `$${n}`,
    text: 'text collate "C"',
    forUpdate: 'for update',
    // An array, so that its values are looked up in the index however little the planner knows of the table.
    isOneOf: (column, type = 'text') => `${column} = any(cast(? as ${type}[]))`,
    eachOf: '(select unnest(cast(? as text[])) "value") each_of',
    list: arrayLiteral,
    integerIn: (column, member) => `cast(cast(${column} as json) ->> '${member}' as bigint)`,
    allTables: '(select tablename name from pg_tables where schemaname = current_schema()) all_tables',
    thisDatabase: `(select concat_ws(' ', extract(epoch from pg_postmaster_start_time()), current_database(), current_schema()) id)
      this_database`,
  },
} as const satisfies Record<string, Dialect>

/** A statement with its parameters written as the engine wants them. */
export function withParameters({ parameter }: Dialect, sql: string): string {
  let n = 0
  return sql.replace(/\?/g, () => parameter(++n))
}

/** PostgreSQL documentation, 8.15.2: every value in quotes, with quotes and backslashes escaped. */
function arrayLiteral(values: readonly (string | number)[]): string {
  return `{${values.map(value => `"${String(value).replace(/["\\]/g, '\\$&')}"`).join(',')}}`
}
