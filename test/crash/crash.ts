import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { Scope } from '../support/program.ts'
import { checkDatabase } from './check-database.ts'
import { fullLoad } from './full-load.ts'
import type { Ledger } from './ledger.ts'
import { startRollcall } from './rollcall-server.ts'

/**
 * One crash: the server starts over what the last one left, is killed under load, and the database is looked at as it
 * is then. What the last server did not acknowledge comes first. Throws what is wrong.
 */
export async function crash(args: {
  scope: Scope
  folder: string
  ledger: Ledger
  killAfterMs: number
}): Promise<{ loadMs: number; storedUnanswered: number }> {
  const { scope, folder, ledger, killAfterMs } = args
  const server = await startRollcall(scope, folder)
  let killed = false
  const begunMs = performance.now()
  const load = fullLoad(server.url, ledger, () => killed)
  // The load ends before the kill only by an error.
  await Promise.race([pause(killAfterMs), load])
  const ended = server.end('SIGKILL')
  killed = true
  const loadMs = performance.now() - begunMs
  await Promise.all([ended, load])
  assert.equal(server.log(), '', 'the server logged a problem')
  const { storedUnanswered } = await checkDatabase(folder, ledger)
  return { loadMs, storedUnanswered }
}
