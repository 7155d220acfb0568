/** A table of the schema: its primary key, and where its rows are with Citus. */
export interface Table {
  readonly key: readonly string[]
  /**
   * The column whose value determines the shard of a row. Tables that are sharded by `room_sid` are colocated, so that
   * a room is on one shard. Without it the table is small, and stays on the coordinator: no query may join it to a
   * sharded table.
   */
  readonly shardedBy?: 'room_sid' | 'feed_id'
}

/** Every table except `schema_version`. Tables that others refer to come first. */
export const TABLES: Readonly<Record<string, Table>> = {
  accounts: { key: ['account_sid'] },
  api_keys: { key: ['key_sid'] },
  feeds: { key: ['feed_id'] },
  deliveries: { key: ['delivery_id'] },
  servers: { key: ['server_id'] },
  events: { key: ['account_sid', 'room_sid', 'feed_id', 'event_key'], shardedBy: 'room_sid' },
  rooms: { key: ['account_sid', 'room_sid'], shardedBy: 'room_sid' },
  participants: { key: ['account_sid', 'room_sid', 'participant_sid'], shardedBy: 'room_sid' },
  feed_payloads: { key: ['account_sid', 'feed_id', 'payload_key'], shardedBy: 'feed_id' },
  feed_memory: { key: ['account_sid', 'feed_id', 'memory_key'], shardedBy: 'feed_id' },
  feeds_heard: { key: ['feed_id'], shardedBy: 'feed_id' },
  listed_rooms: { key: ['feed_id', 'room_sid'], shardedBy: 'feed_id' },
}
