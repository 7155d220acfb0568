import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { suite, test } from 'node:test'
import { temporaryFolder } from '../support/program.ts'
import { refusal, runCommand } from '../support/run-command.ts'
import { deliverWebhook, rollcallPrints, startServe, told } from '../support/running-server.ts'
import { until } from '../support/until.ts'

const SEEN_WITHIN_MS = 1_000
const SECRET = 'first-secret-of-the-feed-0123456789'
const NEW_SECRET = 'second-secret-of-the-feed-0123456789'

suite('rollcall feed', { concurrency: 2 }, () => {
  test('within a second a running server applies a change of', { concurrency: 3 }, async t => {
    const cwd = await temporaryFolder(t)
    const { url, accountSid } = await startServe(t, { cwd })
    const run = (line: string, input?: string) => rollcallPrints(cwd, line.split(' '), input)
    const isAnswered = (status: number, deliver: () => Promise<number>) =>
      until(`a delivery to be answered ${status}`, SEEN_WITHIN_MS, async () => {
        return (await deliver()) === status || undefined
      })

    const livekit = t.test('a LiveKit feed, whose secret is read from standard input', async () => {
      const deliver = (secret: string) => () => deliverWebhook(url, roomStarted('one'), ['APIone', secret])
      await isAnswered(401, deliver(SECRET))
      const id = idOf(await run('feed add livekit --key APIone', `${SECRET}\n`))
      await isAnswered(200, deliver(SECRET))

      const list = await runCommand(cwd, 'feed list')
      assert.match(list, new RegExp(`^${id}  livekit +${accountSid}  APIone `, 'm'))
      assert.ok(!list.includes(SECRET))

      assert.equal(idOf(await run(`feed rotate ${id}`, `${NEW_SECRET}\n`)), id)
      await isAnswered(401, deliver(SECRET))
      await isAnswered(200, deliver(NEW_SECRET))

      assert.equal(await run(`feed remove ${id}`), `Feed ${id} is removed.\n`)
      await isAnswered(401, deliver(NEW_SECRET))
    })

    const twilio = t.test('a Twilio feed, whose secret is read from standard input', async () => {
      const id = idOf(await run('feed add twilio', `${SECRET}\n`))
      const deliver = (secret: string) => () => postCallback(`${url}/feeds/twilio`, accountSid, secret)
      await isAnswered(200, deliver(SECRET))
      assert.ok(!(await runCommand(cwd, 'feed list')).includes(SECRET))
      await run(`feed rotate ${id}`, `${NEW_SECRET}\n`)
      await isAnswered(401, deliver(SECRET))
      await isAnswered(200, deliver(NEW_SECRET))
    })

    const events = t.test('a CloudEvents feed, whose key is printed once', async () => {
      const added = await run('feed add events')
      const key = told(added, /^Feed key ([A-Za-z0-9]{40})$/m)
      const deliver = (feedKey: string) => () => postEvents(`${url}/feeds/events`, feedKey)
      await isAnswered(200, deliver(key))
      const list = await runCommand(cwd, 'feed list')
      assert.match(list, new RegExp(`^${idOf(added)}  events +${accountSid}  sha256:[0-9a-f]{8}… `, 'm'))
      assert.ok(!list.includes(key))
      const rotated = told(await run(`feed rotate ${idOf(added)}`), /^Feed key (\S+)$/m)
      await isAnswered(401, deliver(key))
      await isAnswered(200, deliver(rotated))
    })
    await Promise.all([livekit, twilio, events])
  })

  test('no command takes the key of another feed, overwrites a feed, or continues without a secret', async t => {
    const cwd = await temporaryFolder(t)
    const add = (kind: string, key: string, input = SECRET) => ({ args: [kind], options: { key }, input })
    const rotate = (id: string, key: string) => ({ args: [id], options: { key }, input: SECRET })
    await runCommand(cwd, 'account add')
    const one = idOf(await runCommand(cwd, 'feed add', add('livekit', 'APIone')))
    const two = idOf(await runCommand(cwd, 'feed add', add('livekit', 'APItwo')))
    const isThere = (id: string) =>
      `That livekit feed exists already: rollcall feed rotate ${id} changes its secret.`
    assert.equal(await refusal(cwd, 'feed add', add('livekit', 'APIone')), isThere(one))
    assert.equal(
      await refusal(cwd, 'feed rotate', rotate(two, 'APIone')),
      `That key is the one of feed ${one}.`,
    )
    await runCommand(cwd, 'feed rotate', rotate(two, 'APIthree'))
    assert.equal(await refusal(cwd, 'feed add', add('livekit', 'APItwo')), isThere(two))
    const keys = (await runCommand(cwd, 'feed list')).matchAll(/\bAPI\w+/g)
    assert.deepEqual([...keys].flat().sort(), ['APIone', 'APIthree'])

    const noSecret = 'No secret came on standard input.'
    assert.equal(await refusal(cwd, 'feed add', add('livekit', 'APIfour', ' ')), noSecret)
    assert.equal(await refusal(cwd, 'feed rotate', { args: [one] }), noSecret)
    const kinds = 'The kind of a feed is one of livekit, twilio, janus, jitsi, jaas, events.'
    assert.equal(await refusal(cwd, 'feed add', { args: ['bogus'] }), kinds)
    for (const name of ['feed remove', 'feed rotate']) {
      const sentence = 'There is no feed FDnone: see rollcall feed list.'
      assert.equal(await refusal(cwd, name, { args: ['FDnone'] }), sentence)
    }
  })

  test('the log of deliveries shows new, repeated, wrongly signed, unknown and future deliveries as such', async t => {
    const cwd = await temporaryFolder(t)
    const key = ['APIlog', SECRET] as const
    const { url } = await startServe(t, {
      cwd,
      env: { LIVEKIT_API_KEY: key[0], LIVEKIT_API_SECRET: key[1] },
    })
    assert.equal(await deliverWebhook(url, roomStarted('log'), key), 200)
    assert.equal(await deliverWebhook(url, roomStarted('log'), key), 200)
    assert.equal(await deliverWebhook(url, roomStarted('log'), ['APIlog', 'a wrong secret']), 401)
    assert.equal(await deliverWebhook(url, roomStarted('log'), ['APInobody', SECRET]), 401)
    assert.equal(await deliverWebhook(url, { ...roomStarted('log'), createdAt: '4102444800' }, key), 400)

    const log = await until('the log', 5_000, async () => {
      const text = await rollcallPrints(cwd, ['feed', 'log'])
      return text.includes('junk') ? text : undefined
    })
    const rows = log.split('\n').map(line => line.slice('2026-01-01T00:00:00.000Z'.length).trim())
    const shown = [
      /^FEED +STATUS +OUTCOME +NEW +DUPLICATE +WHAT$/,
      /^livekit +200 +stored +1 +0 +\S/,
      /^livekit +200 +stored +0 +1 +\S/,
      /^livekit +401 +unauthentic +0 +0 +The token is not signed with the secret of this API key\.$/,
      /^livekit +401 +unauthentic +0 +0 +No livekit feed is known for APInobody\.$/,
      /^livekit +400 +junk +0 +0 +.* is of the future .*/,
    ]
    for (const [index, pattern] of shown.entries()) assert.match(rows[index] ?? '', pattern)
    assert.ok(!log.includes(SECRET))
  })
})

function roomStarted(name: string) {
  const nowSec = String(Math.floor(Date.now() / 1000))
  return {
    event: 'room_started',
    id: `EV_${name}`,
    createdAt: nowSec,
    room: { sid: `RM_${name}`, name, creationTime: nowSec },
  }
}

/** Posts a status callback, signed as Twilio signs it. Resolves to the status. */
async function postCallback(url: string, accountSid: string, secret: string): Promise<number> {
  const callback = {
    AccountSid: accountSid,
    RoomName: 'two',
    RoomSid: `RM${'2'.repeat(32)}`,
    RoomStatus: 'in-progress',
    SequenceNumber: '0',
    StatusCallbackEvent: 'room-created',
    Timestamp: new Date().toISOString(),
  }
  const signed = url + Object.entries(callback).flat().join('')
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'x-twilio-signature': createHmac('sha1', secret).update(signed).digest('base64') },
    body: new URLSearchParams(callback),
  })
  await response.arrayBuffer()
  return response.status
}

async function postEvents(url: string, feedKey: string): Promise<number> {
  const event = {
    specversion: '1.0',
    id: '1',
    source: 'test',
    type: 'room.started',
    time: new Date().toISOString(),
    data: { room: { key: 'three' } },
  }
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${feedKey}`, 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify(event),
  })
  await response.arrayBuffer()
  return response.status
}

function idOf(printed: string): string {
  return told(printed, /^Feed +(FD[0-9a-f]{32})$/m)
}
