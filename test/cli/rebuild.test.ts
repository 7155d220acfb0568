import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { dayOfRooms } from '../../src/demo/day.ts'
import { webhooksOf } from '../../src/demo/webhooks.ts'
import { temporaryFolder } from '../support/program.ts'
import { runCommand } from '../support/run-command.ts'
import { ask, deliverWebhook, rollcall, startServe } from '../support/running-server.ts'

const TOKEN = 'aTokenOfLettersAndDigits0123456789'
const KEY = ['APIrebuild', 'secret-of-the-key-that-rebuilds-0123'] as const

test('rebuild corrects every row, changes no byte of a correct answer, and the server answers meanwhile', async t => {
  const cwd = await temporaryFolder(t)
  const env = { ROLLCALL_AUTH_TOKEN: TOKEN, LIVEKIT_API_KEY: KEY[0], LIVEKIT_API_SECRET: KEY[1] }
  const { url, accountSid } = await startServe(t, { cwd, env: { ...env, LOG_LEVEL: 'warn' } })
  for (const payload of webhooksOf(dayOfRooms, Date.now())) {
    assert.equal(await deliverWebhook(url, payload, KEY), 200)
  }
  const get = async (path: string) => {
    const { status, text } = await ask(url, path, accountSid, TOKEN)
    assert.equal(status, 200, path)
    return text
  }
  const paths = pathsOf(await get('/v1/Video/Rooms?PageSize=1000'))
  assert.equal(paths.length, 1 + 2 * dayOfRooms.length)
  const answers = async () => {
    const entries: [string, string][] = []
    for (const path of paths) entries.push([path, await get(path)])
    return entries
  }

  const before = await answers()
  let rounds = 0
  const ended = await Promise.race([rollcall(cwd, ['rebuild']), keepComparing()])
  assert.deepEqual(ended, { exitCode: 0, stdout: `${dayOfRooms.length} rooms are rebuilt.\n`, stderr: '' })
  assert.ok(rounds > 1, `the answers were compared ${rounds} times while it ran`)
  assert.deepEqual(await answers(), before)

  spoilRows(join(cwd, 'data/rollcall.db'))
  for (const [path, text] of await answers()) assert.notEqual(text, new Map(before).get(path))
  assert.equal((await rollcall(cwd, ['rebuild'])).exitCode, 0)
  assert.deepEqual(await answers(), before)

  async function keepComparing(): Promise<never> {
    for (;;) {
      assert.deepEqual(await answers(), before)
      rounds += 1
    }
  }
})

test('a rebuild that is stopped ends with a sentence', async t => {
  const cwd = await temporaryFolder(t)
  await runCommand(cwd, 'account add')
  const stopped = runCommand(cwd, 'rebuild', { stop: AbortSignal.abort() })
  await assert.rejects(stopped, /^StoppedError: Stopped after 0 rooms: run it again to rebuild all\.$/)
  assert.equal(await runCommand(cwd, 'rebuild'), '0 rooms are rebuilt.\n')
})

function pathsOf(list: string): string[] {
  const { rooms }: { rooms: { url: string; links: { participants: string } }[] } = JSON.parse(list)
  const own = rooms.flatMap(room => [
    new URL(room.url).pathname,
    `${new URL(room.links.participants).pathname}?PageSize=1000`,
  ])
  return ['/v1/Video/Rooms?PageSize=1000', ...own]
}

/** Changes rows as if a version of Rollcall with other folds had written them. */
function spoilRows(file: string): void {
  const database = new DatabaseSync(file)
  database.exec(`update rooms set record = json_set(record, '$.codecs', json('[]')), state = '{}'`)
  database.exec(`update participants set record = json_set(record, '$.status', 'connected'), order_ms = 0`)
  database.close()
}
