import type { Connection, Database } from './engine/database.ts'

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
  /** Notes that a server's list was compared with what is in progress, whole. */
  noteCompared(feedId: string, atMs: number): Promise<void>
  /** When it was last, by any server; unix milliseconds. */
  comparedAt(feedId: string): Promise<number | undefined>
  /** The servers that were up at a moment or later, by id. */
  serversSince(fromMs: number): Promise<string[]>
}

export function uptimeStore(database: Database): UptimeStore {
  const { reader } = database
  return {
    async beat({ serverId, fromMs, untilMs, heard }, keepFromMs) {
      await database.transact(async connection => {
        await connection.run(
          `insert into servers (server_id, started_at_ms, until_ms) values (?, ?, ?)
           on conflict (server_id) do update set until_ms = excluded.until_ms`,
          [serverId, fromMs, untilMs],
        )
        await connection.run('delete from servers where until_ms < ?', [keepFromMs])
      })
      for (const [feedId, heardMs] of heard) {
        const note = (connection: Connection) =>
          connection.run(
            `insert into feeds_heard (feed_id, heard_at_ms) values (?, ?)
             on conflict (feed_id) do update set heard_at_ms = excluded.heard_at_ms
             where feeds_heard.heard_at_ms < excluded.heard_at_ms`,
            [feedId, heardMs],
          )
        // The row is the feed's lock: with the deliveries that take it, not against them.
        await database.transact(note, feedId)
      }
    },
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
    async noteCompared(feedId, atMs) {
      await database.transact(
        connection =>
          connection.run(
            `insert into feeds_heard (feed_id, heard_at_ms, compared_at_ms) values (?, 0, ?)
             on conflict (feed_id) do update set compared_at_ms = excluded.compared_at_ms`,
            [feedId, atMs],
          ),
        feedId,
      )
    },
    async comparedAt(feedId) {
      const rows = await reader.all<{ atMs: number | null }>(
        'select compared_at_ms "atMs" from feeds_heard where feed_id = ?',
        [feedId],
      )
      return rows[0]?.atMs ?? undefined
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
