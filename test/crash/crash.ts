import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { Scope } from '../support/program.ts'
import { checkDatabase } from './check-database.ts'
import { fullLoad } from './full-load.ts'
import type { Ledger } from './ledger.ts'
import { startRollcall } from './rollcall-server.ts'

/**
 * One crash: starts a server over the database of the last crash, kills it under load, and checks the database. First
 * sends what the last server did not acknowledge. Throws an error that says what is wrong.
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
  // The load ends before the kill only if it fails.
  await Promise.race([pause(killAfterMs), load])
  const ended = server.end('SIGKILL')
  killed = true
  const loadMs = performance.now() - begunMs
  await Promise.all([ended, load])
  assert.equal(server.log(), '', 'the server logged a problem')
  const { storedUnanswered } = await checkDatabase(folder, ledger)
  return { loadMs, storedUnanswered }
}
