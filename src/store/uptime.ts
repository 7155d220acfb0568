import type { Database } from './database.ts'

/** A time during which a server was up. Unix milliseconds. */
export interface Span {
  readonly fromMs: number
  readonly untilMs: number
}

/** When servers were up, so that silence is counted only while there was somebody to hear. */
export interface UptimeStore {
  /** Notes that the server that started then is up until now; what ended before `keepFromMs` is forgotten. */
  beat(span: Span, keepFromMs: number): Promise<void>
  /** The spans that end after a moment, by their beginning. */
  since(fromMs: number): Promise<Span[]>
}

export function uptimeStore(database: Database): UptimeStore {
  return {
    beat: ({ fromMs, untilMs }, keepFromMs) =>
      database.transact(async connection => {
        await connection.run(
          `insert into uptime (started_at_ms, until_ms) values (?, ?)
           on conflict (started_at_ms) do update set until_ms = excluded.until_ms`,
          [fromMs, untilMs],
        )
        await connection.run('delete from uptime where until_ms < ?', [keepFromMs])
      }),
    since: fromMs =>
      database.reader.all<Span>(
        `select started_at_ms "fromMs", until_ms "untilMs" from uptime where until_ms > ? order by started_at_ms`,
        [fromMs],
      ),
  }
}
