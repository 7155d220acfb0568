import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openStore } from '../../src/store/open-store.ts'
import { rebuildAll } from '../support/rebuild-all.ts'

const ROWS_OF_ROOM = [
  'select * from rooms where room_sid = ?',
  'select * from participants where room_sid = ? order by participant_sid',
]

/** The SIDs of the rooms whose rows differ from those that a rebuild of their events gives in another database. */
export async function roomsThatDiffer(
  database: DatabaseSync,
  roomSids: readonly string[],
  folder: string,
): Promise<string[]> {
  const place = await mkdtemp(join(folder, 'refold-'))
  const store = await openStore(place)
  const refolded = new DatabaseSync(join(place, 'rollcall.db'))
  try {
    copyEvents(database, refolded, roomSids)
    await rebuildAll(store)
    return roomSids.filter(roomSid =>
      ROWS_OF_ROOM.some(sql => rowsText(database, sql, roomSid) !== rowsText(refolded, sql, roomSid)),
    )
  } finally {
    refolded.close()
    await store.close()
    await rm(place, { recursive: true })
  }
}

function copyEvents(from: DatabaseSync, to: DatabaseSync, roomSids: readonly string[]): void {
  const read = from.prepare('select * from events where room_sid = ?')
  to.exec('begin')
  for (const row of roomSids.flatMap(roomSid => read.all(roomSid))) {
    const columns = Object.keys(row)
    const sql = `insert into events (${columns.join()}) values (${columns.map(() => '?').join()})`
    to.prepare(sql).run(...Object.values(row))
  }
  to.exec('commit')
}

/** The rows as JSON, without the states of the folds, whose members may be in another order. */
function rowsText(database: DatabaseSync, sql: string, roomSid: string): string {
  const rows = database.prepare(sql).all(roomSid)
  return JSON.stringify(rows.map(row => ({ ...row, state: undefined, numbers: undefined })))
}
