import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryFolder } from '../support/program.ts'
import { refusal, runCommand } from '../support/run-command.ts'
import { told } from '../support/running-server.ts'

const SECRET = 'secret-of-the-feed-0123456789'

test('a LiveKit feed keeps the URL of its server, with http: for the ws: that clients dial', async t => {
  const cwd = await temporaryFolder(t)
  await runCommand(cwd, 'account add')
  const add = (key: string, url: string) =>
    runCommand(cwd, 'feed add', { args: ['livekit'], options: { key, url }, input: SECRET })
  const added = await add('APIone', 'wss://LiveKit.example.com/')
  assert.match(added, /^URL {6}https:\/\/livekit\.example\.com$/m)
  assert.match(await add('APItwo', 'ws://127.0.0.1:7880'), /^URL {6}http:\/\/127\.0\.0\.1:7880$/m)
  await runCommand(cwd, 'feed add', { args: ['livekit'], options: { key: 'APIthree' }, input: SECRET })

  const list = () => runCommand(cwd, 'feed list')
  assert.match(await list(), /^ID +KIND +ACCOUNT +KEY +CREATED +URL$/m)
  assert.match(await list(), /APIone .*Z {2}https:\/\/livekit\.example\.com$/m)
  assert.match(await list(), /APItwo .*Z {2}http:\/\/127\.0\.0\.1:7880$/m)
  assert.match(await list(), /APIthree .*Z$/m)
  assert.ok(!(await list()).includes(SECRET))

  const id = told(added, /^Feed +(FD\w+)$/m)
  await runCommand(cwd, 'feed rotate', { args: [id], input: 'another-secret-0123456789' })
  assert.match(await list(), /APIone .*Z {2}https:\/\/livekit\.example\.com$/m, 'a new secret, the same URL')
  await runCommand(cwd, 'feed set', { args: [id], options: { url: 'https://other.example.com/lk' } })
  assert.match(await list(), /APIone .*Z {2}https:\/\/other\.example\.com\/lk$/m)
  assert.match(await runCommand(cwd, 'feed set', { args: [id], options: { url: '' } }), /^URL {6}none$/m)
  assert.match(await list(), /APIone .*Z$/m)
})

test('a URL that is none, or that the feed has no use for, is refused with a sentence', async t => {
  const cwd = await temporaryFolder(t)
  await runCommand(cwd, 'account add')
  const expected = '--url: an address like http://127.0.0.1:7880 is expected.'
  for (const url of [
    ...['livekit.example.com', 'ftp://livekit.example.com', 'https://me:secret@livekit.example.com'],
    ...['https://livekit.example.com/?token=x', 'https://livekit.example.com/#x', 'https://:x@example.com'],
  ]) {
    const given = { args: ['livekit'], options: { key: 'APIone', url }, input: SECRET }
    assert.equal(await refusal(cwd, 'feed add', given), expected, url)
  }
  const twilio = { args: ['twilio'], options: { url: 'https://example.com' }, input: SECRET }
  assert.equal(
    await refusal(cwd, 'feed add', twilio),
    '--url is for livekit: a feed of kind twilio has no list to read.',
  )
  const added = await runCommand(cwd, 'feed add', { args: ['events'] })
  const id = told(added, /^Feed +(FD\w+)$/m)
  assert.equal(
    await refusal(cwd, 'feed set', { args: [id] }),
    'Give the address of the media server with --url.',
  )
  assert.equal(
    await refusal(cwd, 'feed set', { args: [id], options: { url: 'https://example.com' } }),
    '--url is for livekit: a feed of kind events has no list to read.',
  )
  assert.equal(
    await refusal(cwd, 'feed set', { args: ['FDnone'], options: { url: 'https://example.com' } }),
    'There is no feed FDnone: see rollcall feed list.',
  )
})
