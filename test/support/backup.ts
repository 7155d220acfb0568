import assert from 'node:assert/strict'
import { join } from 'node:path'
import { dayOfRooms } from '../../src/demo/day.ts'
import { webhooksOf } from '../../src/demo/webhooks.ts'
import { readDocument } from './markdown.ts'
import { ask, deliverWebhook, type RunningServer } from './running-server.ts'

const ACCOUNT = `AC${'b5'.repeat(16)}`
const TOKEN = 'aTokenOfLettersAndDigits0123456789'
const KEY = ['APIbackup', 'secret-of-the-key-of-backups-0123456'] as const
const ROOMS = '/v1/Video/Rooms'
const FEW = 4

/** The settings of every server whose answers are compared. With PUBLIC_URL all servers answer with the same URLs. */
export const SETTINGS_OF_BACKUPS = {
  ROLLCALL_ACCOUNT_SID: ACCOUNT,
  ROLLCALL_AUTH_TOKEN: TOKEN,
  LIVEKIT_API_KEY: KEY[0],
  LIVEKIT_API_SECRET: KEY[1],
  PUBLIC_URL: 'https://rollcall.example.com',
  LOG_LEVEL: 'warn',
}

/** The code block of docs/operations.md in this language that contains `part`. There must be exactly one. */
export function documentedCode(language: string, part: string): string {
  const { blocks } = readDocument(join(import.meta.dirname, '../../docs/operations.md'))
  const [found, ...others] = blocks.filter(block => block.language === language && block.text.includes(part))
  assert.ok(found !== undefined && others.length === 0, part)
  return found.text
}

/**
 * Delivers webhooks to a server, backs it up while it runs, and delivers more. Asserts that every answer of the server
 * that `restore` starts is byte by byte the answer at the moment of the backup.
 */
export async function holdRestored(steps: {
  start: () => Promise<RunningServer>
  backUp: () => Promise<void>
  restore: (server: RunningServer) => Promise<RunningServer>
}): Promise<void> {
  const rooms = dayOfRooms.filter(({ stays }) => stays.length < FEW)
  const webhooks = Map.groupBy(webhooksOf(rooms, Date.now()), ({ room }) => room.name === rooms[0]?.name)
  const server = await steps.start()
  await tell(server, webhooks.get(false))
  const answers = await readAnswers(server)
  await steps.backUp()
  await tell(server, webhooks.get(true))
  assert.ok((await readAnswers(server)).size > answers.size, 'there are more rooms than in the backup')

  const restored = await steps.restore(server)
  assert.deepEqual(await readAnswers(restored), answers)
  await tell(restored, webhooks.get(true))
}

async function tell({ url }: RunningServer, webhooks: readonly unknown[] = []): Promise<void> {
  assert.ok(webhooks.length > 0)
  const statuses = await Promise.all(webhooks.map(webhook => deliverWebhook(url, webhook, KEY)))
  assert.deepEqual(new Set(statuses), new Set([200]))
}

/** The answer of every list and every room, by path. */
async function readAnswers({ url }: RunningServer): Promise<ReadonlyMap<string, string>> {
  const answers = new Map<string, string>()
  const read = async (path: string) => {
    const { status, text } = await ask(url, path, ACCOUNT, TOKEN)
    assert.equal(status, 200, path)
    answers.set(path, text)
    return text
  }
  const list = await read(`${ROOMS}?PageSize=1000`)
  const sids = new Set(list.match(/\bRM[0-9a-f]{32}\b/g))
  assert.ok(sids.size > 1)
  for (const room of [...sids].map(sid => `${ROOMS}/${sid}`)) {
    for (const path of [room, `${room}/Participants?PageSize=1000`, `${room}/Events?PageSize=1000`])
      await read(path)
  }
  return answers
}
