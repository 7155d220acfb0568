import assert from 'node:assert/strict'
import { test } from 'node:test'
import { feedCommands } from '../../src/cli/feed.ts'
import type { Feed } from '../../src/feeds/feed.ts'
import type { FeedKeys } from '../../src/feeds/keys.ts'
import { temporaryFolder } from '../support/program.ts'
import { refusal, runCommand } from '../support/run-command.ts'

const KEYS = {
  chosen: { made: 'chosen', keyLabel: 'App', secretPrompt: key => `Secret of ${key}: ` },
  optional: {
    made: 'chosen',
    keyLabel: 'App key',
    secretPrompt: key => `Secret of ${key}: `,
    generate: newSecret => ({ key: `K${newSecret().slice(0, 3)}`, secret: newSecret() }),
  },
  generated: {
    made: 'generated',
    authKeyOf: key => `hash-of-${key}`,
    linesFor: key => [`Send     ?key=${key}`],
  },
  tenant: { made: 'by account', secretPrompt: accountSid => `Token of ${accountSid}: ` },
} satisfies Record<string, FeedKeys>

const feeds = Object.entries(KEYS).map(([kind, keys]) => madeUp(kind, keys))
const commands = feedCommands(feeds)

test('a feed of a stack that nobody knows is added and rotated as its keys say', async t => {
  const cwd = await temporaryFolder(t)
  const accountSid = /AC\w+/.exec(await runCommand(cwd, 'account add'))?.[0]
  const prompts: string[] = []
  const onPrompt = (prompt: string) => void prompts.push(prompt)
  const run = (name: string, arg: string, input?: string, key?: string) =>
    runCommand(cwd, name, {
      ...{ commands, onPrompt, args: [arg], options: key === undefined ? {} : { key } },
      ...(input === undefined ? {} : { input }),
    })
  const id = (printed: string) => /^Feed {5}(FD\w+)$/m.exec(printed)?.[1] ?? ''

  const chosen = await run('feed add', 'chosen', 'secret', 'app-1')
  assert.match(chosen, /^Feed {5}FD\w+\nPath {5}\/feeds\/chosen\nApp {6}app-1\n$/)
  assert.match(await run('feed rotate', id(chosen), 'other'), /^Feed {5}FD\w+\nApp {6}app-1\n$/)
  assert.match(await run('feed add', 'optional'), /\nApp key {2}K\w{3}\nSecret {3}\w{40}\n$/)
  const generated = await run('feed add', 'generated')
  assert.match(generated, /\nSend {5}\?key=\w{40}\n$/)
  assert.match(await run('feed rotate', id(generated)), /\nSend {5}\?key=\w{40}\n$/)
  assert.match(await run('feed add', 'tenant', 'token'), new RegExp(`\nAccount  ${accountSid}\n$`))
  assert.deepEqual(prompts, ['Secret of app-1: ', 'Secret of app-1: ', `Token of ${accountSid}: `])

  const list = await runCommand(cwd, 'feed list', { commands })
  assert.match(list, / {2}generated +AC\w+ +sha256:hash-of-… /)
  assert.match(list, / {2}chosen +AC\w+ +app-1 /)
})

test('a key that must be chosen, or cannot be, is asked for or refused in the terms of its stack', async t => {
  const cwd = await temporaryFolder(t)
  await runCommand(cwd, 'account add')
  const add = (kind: string, key?: string) =>
    refusal(cwd, 'feed add', { commands, args: [kind], options: key === undefined ? {} : { key } })
  assert.equal(await add('chosen'), 'A chosen feed is found by its App: give it with --key.')
  assert.equal(
    await add('tenant', 'x'),
    '--key is for chosen and optional: a tenant feed has none to choose.',
  )
  assert.equal(await add('livekit'), 'The kind of a feed is one of chosen, optional, generated, tenant.')
})

test('the help follows from the keys', () => {
  const add = commands.find(({ name }) => name === 'feed add')
  const rotate = commands.find(({ name }) => name === 'feed rotate')
  assert.deepEqual(add?.options['key'], [
    'KEY',
    'chosen: the App; optional: the App key, generated if not given',
  ])
  assert.ok(
    add?.notes?.includes(
      'The secret is read from standard input for chosen, optional (with --key) and tenant (the auth token of that account).',
    ),
  )
  assert.deepEqual(rotate?.notes, [
    'The new secret is read from standard input for chosen, optional and tenant.',
    'The new key is generated and printed for generated.',
  ])
  const [withoutKey] = feedCommands([madeUp('generated', KEYS.generated)])
  assert.equal(withoutKey?.options['key'], undefined)
})

function madeUp(kind: string, keys: FeedKeys): Feed {
  return {
    kind,
    path: `/feeds/${kind}`,
    paths: [`/feeds/${kind}`],
    methods: ['POST'],
    summary: `The made-up stack ${kind}`,
    keys,
    authKey: () => '',
    verify() {},
    payloads: () => [],
    reduce: () => ({ events: [] }),
    silenceLimitMs: undefined,
    whenUnavailable: {},
  }
}
