import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { temporaryFolder } from '../support/program.ts'
import { runCommand } from '../support/run-command.ts'
import { rollcallPrints, startServe, told } from '../support/running-server.ts'

const APP_ID = 'vpaas-magic-cookie-1'
const SECRETS = ['whsec_first', 'whsec_second'] as const

/** The line in which the key of a feed is printed, and a delivery with that key. */
const FEEDS = {
  janus: {
    printed: /^Token {4}([A-Za-z0-9]{40})$/m,
    deliver: (url: string, token: string) =>
      post(`${url}/feeds/janus/${token}`, { emitter: 'janus-1', type: 256 }),
  },
  jitsi: {
    printed: /^Feed key ([A-Za-z0-9]{40})$/m,
    deliver: (url: string, key: string) =>
      post(`${url}/feeds/jitsi/events/room/created`, { event_name: 'x' }, { authorization: `Bearer ${key}` }),
  },
}

for (const [kind, { printed, deliver }] of Object.entries(FEEDS)) {
  test(`the key of a ${kind} feed is printed once, is accepted, and stops when it is rotated`, async t => {
    const cwd = await temporaryFolder(t)
    const { url } = await startServe(t, { cwd })
    const added = await rollcallPrints(cwd, ['feed', 'add', kind])
    const key = told(added, printed)
    assert.equal(await deliver(url, key), 200)
    assert.equal(await deliver(url, 'another'), 401)
    const list = await runCommand(cwd, 'feed list')
    const id = told(added, /^Feed {5}(FD\w+)$/m)
    assert.match(list, new RegExp(`^${id}  ${kind} .*sha256:[0-9a-f]{8}… `, 'm'))
    assert.ok(!list.includes(key))
    const rotated = told(await rollcallPrints(cwd, ['feed', 'rotate', id]), printed)
    assert.equal(await deliver(url, rotated), 200)
    assert.equal(await deliver(url, key), 401)
  })
}

test('a JaaS feed is found by its AppID, and its secret is read from standard input', async t => {
  const cwd = await temporaryFolder(t)
  const { url } = await startServe(t, { cwd })
  const [first, second] = SECRETS
  const added = await rollcallPrints(cwd, ['feed', 'add', 'jaas', '--key', APP_ID], `${first}\n`)
  assert.equal(await deliverJaas(url, first), 200)
  const list = await runCommand(cwd, 'feed list')
  assert.ok(list.includes(APP_ID) && !list.includes(first))
  await rollcallPrints(cwd, ['feed', 'rotate', told(added, /^Feed {5}(FD\w+)$/m)], `${second}\n`)
  assert.equal(await deliverJaas(url, second), 200)
  assert.equal(await deliverJaas(url, first), 401)
})

function deliverJaas(url: string, secret: string): Promise<number> {
  const payload = { appId: APP_ID, eventType: 'USAGE', idempotencyKey: 'one' }
  const signature = createHmac('sha256', secret)
    .update(`1.${JSON.stringify(payload)}`)
    .digest('base64')
  return post(`${url}/feeds/jaas`, payload, { 'x-jaas-signature': `t=1,v1=${signature}` })
}

async function post(url: string, payload: object, headers: Record<string, string> = {}): Promise<number> {
  const body = JSON.stringify(payload)
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
  await response.arrayBuffer()
  return response.status
}
