import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Scope, temporaryFolder } from '../support/program.ts'
import { type Answers, differenceOf, holdAnswers, readAnswers } from './answers.ts'
import { checkDatabase } from './check-database.ts'
import { deliverInOrder, fullLoad } from './full-load.ts'
import type { Ledger } from './ledger.ts'
import { DATABASE_FILE, runRebuild, startRollcall } from './rollcall-server.ts'
import type { Webhook } from './webhooks.ts'

/** The columns that depend on the time of delivery are not compared. */
const EVENT_ROWS = `select account_sid, room_sid, feed_id, feed_kind, event_key, participant_sid, at_ms, body, native
  from events order by account_sid, room_sid, feed_id, event_key`

/**
 * After the crashes: sends the rest, and compares all answers with those during and after a rebuild, and with those of
 * a server that was never killed. Yields a sentence for each check that passes. Throws if one fails.
 */
export async function* compareAnswers(args: {
  scope: Scope
  folder: string
  ledger: Ledger
}): AsyncGenerator<string> {
  const { scope, folder, ledger } = args
  const server = await startRollcall(scope, folder)
  ledger.endStory()
  await fullLoad(server.url, ledger, () => false)
  const entries = [...ledger.entries.values()]
  assert.ok(entries.every(entry => entry.acknowledged > 0))
  yield `all ${entries.length} events are acknowledged in the end`

  const answers = await readAnswers(server.url)
  const begunMs = performance.now()
  let rebuiltInMs = 0
  const rebuilding = runRebuild(folder).finally(() => {
    rebuiltInMs = performance.now() - begunMs
  })
  const read = await holdAnswers(server.url, answers, () => rebuiltInMs > 0).finally(() => rebuilding)
  const rebuilt = await rebuilding
  const rooms = new Set(entries.map(({ webhook }) => webhook.nativeRoomSid)).size
  assert.deepEqual([rebuilt.exitCode, rebuilt.stderr], [0, ''])
  assert.match(rebuilt.stdout, new RegExp(`^${rooms} rooms are rebuilt\\.$`, 'm'))
  yield `${read} answers, read while ${rooms} rooms were rebuilt in ${Math.round(rebuiltInMs)} ms, are all the same`
  holdSame(answers, await readAnswers(server.url))
  yield `all ${answers.size} answers are the same afterwards`
  await server.end('SIGTERM')
  assert.equal(server.log(), '', 'the server logged a problem')
  await checkDatabase(folder, ledger)
  yield 'the database is consistent in the end'

  const fresh = await temporaryFolder(scope)
  const reference = await startRollcall(scope, fresh)
  await deliverInOrder(reference.url, storiesOf(entries.map(({ webhook }) => webhook)))
  holdSame(await readAnswers(reference.url), answers)
  yield `a server that was never killed answers the same, byte by byte`
  await reference.end('SIGTERM')
  holdSameEvents(fresh, folder)
  yield 'its events are the same, byte by byte'
}

/** The webhooks by room, each once, in the order in which LiveKit sends them. */
function storiesOf(webhooks: readonly Webhook[]): Webhook[][] {
  const stories = Map.groupBy(webhooks, webhook => webhook.nativeRoomSid).values()
  return [...stories].map(story => story.sort((a, b) => a.place - b.place))
}

function holdSame(expected: Answers, got: Answers): void {
  const difference = differenceOf(expected, got)
  if (difference !== undefined) throw new Error(difference)
}

function holdSameEvents(expectedFolder: string, gotFolder: string): void {
  const [expected, got] = [expectedFolder, gotFolder].map(folder => {
    const database = new DatabaseSync(join(folder, DATABASE_FILE), { readOnly: true })
    const rows = database.prepare(EVENT_ROWS).all()
    database.close()
    return rows
  })
  assert.deepEqual(got, expected)
}
