import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { roomSid } from '../../src/sid.ts'
import type { Ledger } from './ledger.ts'
import { ACCOUNT_SID, DATABASE_FILE } from './rollcall-server.ts'
import { roomsThatDiffer } from './rooms-that-differ.ts'

const MAX_NAMED = 5

export interface Checked {
  /** How many events are stored that were not acknowledged: the kill came between the commit and the answer. */
  readonly storedUnanswered: number
}

/** Checks the database as the crash left it, without changing it. Throws an error that says what is wrong. */
export async function checkDatabase(folder: string, ledger: Ledger): Promise<Checked> {
  const database = new DatabaseSync(join(folder, DATABASE_FILE), { readOnly: true })
  try {
    const problems = all(database, 'pragma integrity_check').map(row => row['integrity_check'])
    assert.deepEqual(problems, ['ok'])
    const checked = checkEvents(database, ledger)
    const touched = [...ledger.takeTouchedRooms()].map(sid => roomSid(ACCOUNT_SID, 'livekit', sid))
    const different = await roomsThatDiffer(database, touched, folder)
    assert.ok(different.length === 0, `rooms whose rows are not what their events give: ${some(different)}`)
    return checked
  } finally {
    database.close()
  }
}

/** Checks that every acknowledged event is stored once, and that its acknowledged deliveries are counted. */
function checkEvents(database: DatabaseSync, ledger: Ledger): Checked {
  const rows = all(database, 'select event_key, duplicates from events')
  const deliveries = new Map(rows.map(row => [row['event_key'], 1 + Number(row['duplicates'])]))
  assert.ok(deliveries.size === rows.length, 'an event is stored twice')
  const lost: string[] = []
  const miscounted: string[] = []
  let known = 0
  let storedUnanswered = 0
  for (const [id, { sent, acknowledged }] of ledger.entries) {
    const stored = deliveries.get(id) ?? 0
    if (stored > 0) known++
    if (stored > 0 && acknowledged === 0) storedUnanswered++
    if (stored === 0 && acknowledged > 0) lost.push(id)
    else if (stored < acknowledged || stored > sent) miscounted.push(id)
  }
  assert.ok(lost.length === 0, `${lost.length} acknowledged events are lost: ${some(lost)}`)
  assert.ok(miscounted.length === 0, `deliveries are not counted right: ${some(miscounted)}`)
  assert.ok(known === rows.length, 'an event is stored that nobody sent')
  return { storedUnanswered }
}

function all(database: DatabaseSync, sql: string): Record<string, unknown>[] {
  return database.prepare(sql).all()
}

function some(names: readonly string[]): string {
  return names.slice(0, MAX_NAMED).join(' ') + (names.length > MAX_NAMED ? ' …' : '')
}
