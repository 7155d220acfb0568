/**
 * The store's SQL is one text for every engine, but for these words of it. `parameter` writes the n-th `?`, from 1 on;
 * `words` are replaced where a statement is prepared.
 */
export interface Dialect {
  readonly name: 'sqlite' | 'postgres'
  readonly parameter: (n: number) => string
  readonly words: readonly (readonly [word: RegExp, inDialect: string])[]
}

export const DIALECTS = {
  sqlite: {
    name: 'sqlite',
    parameter: () => '?',
    words: [
      // Its one writer holds the lock of everything.
      [/ for update$/, ''],
      [/\ball_tables\b/, `(select name from sqlite_master where type = 'table') all_tables`],
      [/\bthis_database\b/, `(select file id from pragma_database_list where name = 'main') this_database`],
    ],
  },
  postgres: {
    name: 'postgres',
    parameter: n => `$${n}`,
    words: [
      // The order of the bytes, as SQLite's, whatever the database's own is: prefixes are ranges in it.
      [/ text(?=[ ,\n]|$)/g, ' text collate "C"'],
      [
        /\ball_tables\b/,
        '(select tablename name from pg_tables where schemaname = current_schema()) all_tables',
      ],
      [
        /\bthis_database\b/,
        `(select concat_ws(' ', extract(epoch from pg_postmaster_start_time()), current_database(), current_schema()) id)
         this_database`,
      ],
    ],
  },
} as const satisfies Record<string, Dialect>

/** The store's SQL in an engine's words. */
export function inDialect({ parameter, words }: Dialect, sql: string): string {
  let n = 0
  const worded = words.reduce((text, [word, replacement]) => text.replace(word, replacement), sql)
  return worded.replace(/\?/g, () => parameter(++n))
}
