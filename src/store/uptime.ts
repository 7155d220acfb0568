import type { Connection, Database } from './engine/database.ts'

/** A server counts as up if it stored that it was up at most this long ago. It stores that every 10 seconds. */
export const UP_WITHIN_MS = 30_000

/** A span of time in which a server was up, in unix milliseconds. */
export interface Span {
  readonly fromMs: number
  readonly untilMs: number
}

/** A server that is up, and when it last received each feed. */
export interface Beat extends Span {
  /** Unique to each start of each process. */
  readonly serverId: string
  /** When it last received a delivery of each feed, by the feed's id; unix milliseconds. */
  readonly heard: ReadonlyMap<string, number>
}

/** When servers were up and received feeds. Silence counts only while a server was up and received the feed. */
export interface UptimeStore {
  /** Stores that the server is up until now and what it received. Deletes servers that ended before `keepFromMs`. */
  beat(beat: Beat, keepFromMs: number): Promise<void>
  /** When at least one server was up: the spans that end after `fromMs`, by their beginning. They do not overlap. */
  since(fromMs: number): Promise<Span[]>
  /** When any server last received each feed, by the feed's id; unix milliseconds. */
  heard(): Promise<Map<string, number>>
  /** Stores that all rooms in a media server's list were compared with the rooms in progress. */
  noteCompared(feedId: string, atMs: number): Promise<void>
  /** When any server last did that comparison for this feed; unix milliseconds. */
  comparedAt(feedId: string): Promise<number | undefined>
  /** The ids of the servers that were up at `fromMs` or later, in order. */
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
        // The row is the lock of the feed. In the feed's lane the deliveries of the feed do not have to wait for it.
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

/** Adds a span to spans that are ordered by their beginning. A span that overlaps the last one extends it. */
function joined(spans: readonly Span[], next: Span): Span[] {
  const last = spans.at(-1)
  if (last === undefined || next.fromMs > last.untilMs) return [...spans, next]
  return [...spans.slice(0, -1), { ...last, untilMs: Math.max(last.untilMs, next.untilMs) }]
}
