import { createHash } from 'node:crypto'
import type { Connection } from '../../engine/database.ts'

interface Row {
  readonly accountSid: string
  readonly feedId: string
  readonly key: string
  readonly value: string
}

const ROWS_AT_ONCE = 1_000

/**
 * Converts what schema 3 remembered of Janus and Jitsi to the form that schema 4 reads. Makes every entry due at once:
 * `expire` of the feed then sets the time at which the entry is really due.
 */
export const convertMemory = {
  what: 'Converts what Janus and Jitsi feeds remember: media apart from members, the instances of a room in one entry.',
  async run(connection: Connection): Promise<void> {
    await connection.run('update feed_memory set due_ms = 0')
    for (const [kind, convert] of CONVERSIONS) {
      for (let after = ['', '', '']; ; ) {
        const rows = await page(connection, kind, after)
        for (const row of rows) await convert(connection, row)
        const last = rows.at(-1)
        if (last === undefined) break
        after = [last.accountSid, last.feedId, last.key]
      }
    }
  },
}

/** Instances of rooms come before the stays in them, because the conversion of a stay reads its room. */
const CONVERSIONS = [
  ['transport', convertTransport],
  ['handle', convertHandle],
  ['member', convertMember],
  ['creation', convertInstance],
  ['sid', convertInstance],
  ['stay', convertStay],
] as const

function page(connection: Connection, kind: string, after: readonly string[]): Promise<Row[]> {
  return connection.all<Row>(
    `select account_sid "accountSid", feed_id "feedId", memory_key "key", value from feed_memory
     where memory_key >= ? and memory_key < ? and (account_sid, feed_id, memory_key) > (?, ?, ?)
     order by account_sid, feed_id, memory_key limit ?`,
    [`${kind}|`, `${kind}}`, ...after, ROWS_AT_ONCE],
  )
}

/** Janus: the list of the sessions of a transport becomes a member of an object. */
async function convertTransport(connection: Connection, row: Row): Promise<void> {
  await put(connection, row, row.key, { sessionIds: JSON.parse(row.value) })
}

/** Janus: the text that names the member of a handle becomes an object with room and id. */
async function convertHandle(connection: Connection, row: Row): Promise<void> {
  const { member, ...handle } = JSON.parse(row.value)
  if (typeof member !== 'string') return
  const [nativeRoom, nativeId] = JSON.parse(member)
  await put(connection, row, row.key, { ...handle, member: { nativeRoom, nativeId } })
}

/** Janus: the key of a member gets its room and its id, and the last sign of its media becomes an entry of its own. */
async function convertMember(connection: Connection, row: Row): Promise<void> {
  const [, emitter, ...place] = row.key.split('|')
  if (place.length > 1) return
  const { lastMediaMs: lastMs, ...member } = JSON.parse(row.value)
  const rest = [emitter, ...[member.nativeRoom, member.nativeId].map(keyPart)].join('|')
  await put(connection, row, `member|${rest}`, member)
  await remove(connection, row)
  const isWatched = lastMs !== undefined && member.toldSilentMs === undefined && member.isOver !== true
  if (isWatched) {
    await put(connection, row, `media|${rest}`, { participantSid: member.participantSid, lastMs })
  }
}

/** Jitsi: the creations of a room and the SIDs of its instances become one entry of the room. */
async function convertInstance(connection: Connection, row: Row): Promise<void> {
  const [kind, room = '', place = ''] = row.key.split('|')
  const key = `room|${room}`
  const { creations, sids, lastMs } = await roomAt(connection, row, key)
  const value = JSON.parse(row.value)
  const after =
    kind === 'creation'
      ? {
          creations: [...creations, value],
          sids,
          lastMs: Math.max(lastMs, value.createdAtMs, value.destroyedAtMs ?? 0),
        }
      : { creations, sids: { ...sids, [decodeURIComponent(place)]: value }, lastMs }
  await put(connection, row, key, after)
  await remove(connection, row)
}

/** Jitsi: the last moment of a room becomes that of its last join, if that is later. */
async function convertStay(connection: Connection, row: Row): Promise<void> {
  const [, room = ''] = row.key.split('|')
  const key = `room|${room}`
  const known = await roomAt(connection, row, key)
  const { joinedAtMs } = JSON.parse(row.value)
  if (joinedAtMs > known.lastMs) await put(connection, row, key, { ...known, lastMs: joinedAtMs })
}

async function roomAt(connection: Connection, { accountSid, feedId }: Row, key: string) {
  const [known] = await connection.all<{ value: string }>(
    'select value from feed_memory where account_sid = ? and feed_id = ? and memory_key = ?',
    [accountSid, feedId, key],
  )
  return JSON.parse(known?.value ?? '{"creations":[],"sids":{},"lastMs":0}')
}

async function put(
  connection: Connection,
  { accountSid, feedId }: Row,
  key: string,
  value: object,
): Promise<void> {
  await connection.run(
    `insert into feed_memory (account_sid, feed_id, memory_key, value, due_ms) values (?, ?, ?, ?, 0)
     on conflict (account_sid, feed_id, memory_key) do update set value = excluded.value`,
    [accountSid, feedId, key, JSON.stringify(value)],
  )
}

async function remove(connection: Connection, { accountSid, feedId, key }: Row): Promise<void> {
  await connection.run('delete from feed_memory where account_sid = ? and feed_id = ? and memory_key = ?', [
    ...[accountSid, feedId, key],
  ])
}

/** One part of a key, in the form of memoryKey in src/feeds/memory.ts at schema 4. */
function keyPart(part: string): string {
  const encoded = encodeURIComponent(part).replaceAll('}', '%7D')
  return encoded.length <= 300 ? encoded : `~${createHash('sha256').update(encoded).digest('hex')}`
}
