import type { Database } from './database.ts'

/** A time during which a server was up. Unix milliseconds. */
export interface Span {
  readonly fromMs: number
  readonly untilMs: number
}

/** A server that is up, and what it heard. */
export interface Beat extends Span {
  /** A text of its own for each start of each process. */
  readonly serverId: string
  /** When it heard each feed last, by the feed's id; unix milliseconds. */
  readonly heard: ReadonlyMap<string, number>
}

/** When servers were up and heard feeds, so that silence is counted only while there was somebody to hear. */
export interface UptimeStore {
  /** Notes that the server is up until now and what it heard; servers that ended before `keepFromMs` are forgotten. */
  beat(beat: Beat, keepFromMs: number): Promise<void>
  /** When at least one server was up: spans that end after a moment, by their beginning, none overlapping. */
  since(fromMs: number): Promise<Span[]>
  /** When any server last heard each feed, by the feed's id; unix milliseconds. */
  heard(): Promise<Map<string, number>>
  /** The servers that were up at a moment or later, by id. */
  serversSince(fromMs: number): Promise<string[]>
}

export function uptimeStore(database: Database): UptimeStore {
  const { reader } = database
  return {
    beat: ({ serverId, fromMs, untilMs, heard }, keepFromMs) =>
      database.transact(async connection => {
        await connection.run(
          `insert into servers (server_id, started_at_ms, until_ms) values (?, ?, ?)
           on conflict (server_id) do update set until_ms = excluded.until_ms`,
          [serverId, fromMs, untilMs],
        )
        await connection.run('delete from servers where until_ms < ?', [keepFromMs])
        // In one order for all, so that two processes never wait for each other.
        for (const [feedId, heardMs] of [...heard].sort(([a], [b]) => (a < b ? -1 : 1))) {
          await connection.run(
            `insert into feeds_heard (feed_id, heard_at_ms) values (?, ?)
             on conflict (feed_id) do update set heard_at_ms = excluded.heard_at_ms
             where feeds_heard.heard_at_ms < excluded.heard_at_ms`,
            [feedId, heardMs],
          )
        }
      }),
    async since(fromMs) {
      const spans = await reader.all<Span>(
        `select started_at_ms "fromMs", until_ms "untilMs" from servers where until_ms > ?
         order by started_at_ms, server_id`,
        [fromMs],
      )
      return spans.reduce(joined, [])
    },
    async heard() {
      const rows = await reader.all<{ feedId: string; heardMs: number }>(
        'select feed_id "feedId", heard_at_ms "heardMs" from feeds_heard',
      )
      return new Map(rows.map(({ feedId, heardMs }) => [feedId, heardMs]))
    },
    async serversSince(fromMs) {
      const rows = await reader.all<{ serverId: string }>(
        'select server_id "serverId" from servers where until_ms >= ? order by server_id',
        [fromMs],
      )
      return rows.map(({ serverId }) => serverId)
    },
  }
}

/** Spans come by their beginning: one that overlaps the last makes it longer. */
function joined(spans: readonly Span[], next: Span): Span[] {
  const last = spans.at(-1)
  if (last === undefined || next.fromMs > last.untilMs) return [...spans, next]
  return [...spans.slice(0, -1), { ...last, untilMs: Math.max(last.untilMs, next.untilMs) }]
}
