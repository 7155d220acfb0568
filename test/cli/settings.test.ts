import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import pino from 'pino'
import { commands } from '../../src/cli/index.ts'
import { runProgram as runInProcess } from '../../src/cli/run-program.ts'
import { type Config, SETTINGS, type Setting, type SettingName } from '../../src/config.ts'
import { createServer } from '../../src/http/server.ts'
import { openDatabase, openStore } from '../../src/store/open-store.ts'
import { runProgram, temporaryFolder } from '../support/program.ts'

const SERVE = 'serve'
const NAMES = Object.keys(SETTINGS) as SettingName[] // the keys of the table
const SHORT = 'fewer than 32 characters'

/** Values of each setting that cannot be read, as people write them by mistake. */
const WRONG: Record<SettingName, readonly string[]> = {
  database: [
    ...['mysql://x/y', 'sqlite3://x', 'other://user:geheim@host/rollcall', 'file://host/x', 'file:a%2Fb'],
    ...['file:x.db?mode=ro', 'file:x#1.db', 'postgres:x', 'postgres://u:p@[', 'postgres://u:12#3@h/d'],
    ...['postgres://u:p%@h/d', 'postgres://u:p@h:port/d', 'postgres://u:1/2@h/d', 'postgres://u:1?2@h/d'],
    ...['postgres://h/d?port=x', 'postgres://h/d%', 'POSTGRESQL://h:70000/d', 'postgres://h/%00'],
  ],
  databaseConnections: ['0', '1', '-2', '2.5', 'many', '1e3', '10 ', '9'.repeat(13)],
  host: ['[::1]', 'http://localhost', '127.0.0.1:80', '256.0.0.1', '1.2.3', 'a b', '*', 'a..b', '-'],
  port: ['65536', '80a', '-1', '8080 ', '0x50', 'http'],
  publicUrl: [
    'example.com',
    'ftp://x',
    'https://u@x',
    'https://:p@x',
    'https://x/?a',
    'https://x/#',
    'https://x/v1',
  ],
  trustProxy: [
    'foo',
    '10.0.0.0/33',
    '127.0.0.1 10.0.0.1',
    'true',
    '1',
    'all,foo',
    '::1/129',
    '10.0.0.0/255.0.255.0',
  ],
  corsOrigins: ['example.com', 'https://x/', 'https://x/y', 'https://x https://y', ',', 'null', 'http://X'],
  rateLimitPerMin: ['-1', '1.5', '6k', '6,000', 'none'],
  bodyLimitBytes: ['0', '-1', '1 MB', '1e6', '500000001', '1.5'],
  logLevel: ['loud', 'INFO', 'warning', '30', '__proto__'],
  mediaRegions: ['eu-west', '=ie1', 'eu-west=', 'eu-west=mars', 'a=ie1=b', 'a=ie1,a=us1'],
  publisherAttributes: ['name', '=sdk', 'name=', 'name=a=b', 'name=a,name=b'],
  accountSid: ['ACnone', 'AC', `SK${'0'.repeat(32)}`, `AC${'g'.repeat(32)}`, ` AC${'0'.repeat(32)}`],
  authToken: ['short', `${'a'.repeat(40)}-`, 'ä'.repeat(40), `${'a'.repeat(40)} `],
  livekitApiKey: ['API\nx', ' APIx', 'APIx '],
  livekitApiSecret: ['secret\r', ' secret', 'sec\tret'],
  livekitUrl: ['127.0.0.1:7880', 'livekit', 'redis://x', 'http://u:p@x', 'ws://x?y', 'ws://x#y', 'ws://'],
  janusEventsUser: ['a:b', ' janus', 'janus\n'],
  janusEventsPassword: [SHORT, ' '.repeat(40), `${'x'.repeat(40)}\n`, 'x'.repeat(31)],
}

/** Settings without which another one is refused. */
const TOGETHER: Partial<Record<SettingName, Readonly<Record<string, string>>>> = {
  livekitApiKey: { LIVEKIT_API_SECRET: 'secret' },
  livekitApiSecret: { LIVEKIT_API_KEY: 'APIx' },
  livekitUrl: { LIVEKIT_API_KEY: 'APIx', LIVEKIT_API_SECRET: 'secret' },
  janusEventsUser: { JANUS_EVENTS_PASSWORD: 'x'.repeat(32) },
  janusEventsPassword: { JANUS_EVENTS_USER: 'janus' },
}

test('each wrong value is refused with code 2 and one sentence that names the setting, as flag and as variable', async () => {
  for (const name of NAMES) {
    for (const text of WRONG[name]) {
      for (const given of waysToGive(name, text)) {
        const { exitCode, error } = await serveWith(given, () => assert.fail(`${name}: ${text}`))
        assert.equal(exitCode, 2, `${name}: ${text}: ${error}`)
        assertOneSentence(name, error)
        for (const secret of ['geheim', SHORT]) assert.ok(!error.includes(secret), error)
      }
    }
  }
})

test('whatever a setting is, it is refused in that way or the server can be made with it', async t => {
  const store = await openStore(await temporaryFolder(t))
  t.after(() => store.close())
  const make = async (config: Config) => {
    const log = pino({ level: config.logLevel }, { write() {} })
    const app = await createServer({ config, store, log, clock: () => 0, configuredFeeds: [] })
    const { statusCode } = await app.inject({ url: '/healthz' })
    assert.equal(statusCode, 200)
    await app.close()
  }
  for (const name of NAMES) {
    // A server takes long to make. What the other settings mean is not known before something is asked for.
    const isOfServer = [
      'publicUrl',
      'trustProxy',
      'corsOrigins',
      'rateLimitPerMin',
      'bodyLimitBytes',
    ].includes(name)
    const texts = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.string({ minLength: 1 }),
      likely(name),
    )
    const property = fc.asyncProperty(texts, async text => {
      for (const given of waysToGive(name, text).slice(0, isOfServer ? 1 : 2)) {
        const { exitCode, error } = await serveWith(given, isOfServer ? make : async () => {})
        if (exitCode === 0) continue
        assert.equal(exitCode, 2, error)
        assertOneSentence(name, error)
      }
    })
    await fc.assert(property, { numRuns: isOfServer ? 10 : 100 })
  }
})

test('a password of the database is refused, or no part of it is taken for another host, port or database', async () => {
  const passwords = fc.oneof(fc.string({ minLength: 1 }), fc.stringMatching(/^\d{1,3}[#?/@%:&=]\w{1,3}$/))
  const property = fc.asyncProperty(passwords, async password => {
    const place = `postgres://user:${password}@127.0.0.1:1/rollcall`
    await serveWith({ args: [], env: { DATABASE_URL: place } }, async ({ database: text }) => {
      const database = openDatabase(text)
      await assert.rejects(database.reader.all('select 1'), /ECONNREFUSED 127\.0\.0\.1:1$/)
      await database.close()
    }).then(({ exitCode, error }) => assert.ok(exitCode === 0 || exitCode === 2, error))
  })
  await fc.assert(property, { numRuns: 100 })
})

test('the program makes nothing and prints no token where a setting cannot be read', async t => {
  const cwd = await temporaryFolder(t)
  const wrong = { TRUST_PROXY: 'foo', BODY_LIMIT_BYTES: '0', DATABASE_URL: 'postgres://u:p#w@127.0.0.1/d' }
  for (const [variable, text] of Object.entries(wrong)) {
    const { exitCode, stdout, stderr } = await runProgram({ cwd, args: ['serve'], env: { [variable]: text } })
    assert.deepEqual([exitCode, stdout], [2, ''])
    assert.match(
      stderr,
      new RegExp(`^rollcall: --[a-z-]+ \\(${variable}\\): .*\\nSee rollcall serve --help\\.\\n$`),
    )
    assert.deepEqual(await readdir(cwd), [])
  }
})

test('a PGPORT that is no port is refused with a sentence', async t => {
  const cwd = await temporaryFolder(t)
  for (const PGPORT of ['abc', '0', '99999']) {
    const env = { PGPORT, DATABASE_URL: 'postgres://user@127.0.0.1/rollcall' }
    assert.deepEqual(await runProgram({ cwd, args: ['account', 'list'], env }), {
      ...{ exitCode: 1, stdout: '' },
      stderr: 'rollcall: Cannot open the database: PGPORT must be a port from 1 to 65535.\n',
    })
  }
})

interface GivenSettings {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** The value as a variable, and as a flag unless it is a secret. */
function waysToGive(name: SettingName, text: string): GivenSettings[] {
  const { flag, env: variable, secret }: Setting<unknown> = SETTINGS[name]
  const others = TOGETHER[name] ?? {}
  const byVariable = { args: [], env: { ...others, [variable]: text } }
  return secret === true ? [byVariable] : [byVariable, { args: [`--${flag}=${text}`], env: others }]
}

/** Texts that are nearly right: parts of values from the tables above, the default and the help, put together. */
function likely(name: SettingName): fc.Arbitrary<string> {
  const { default: standard = '', help }: Setting<unknown> = SETTINGS[name]
  const parts = [...WRONG[name], standard, ...help.split(' ')].flatMap(text =>
    text.split(/(?<=[^\w])|(?=[^\w])/),
  )
  const texts = fc.array(fc.constantFrom(...parts, '', ' ', ',', '127.0.0.1', 'all', '1'), {
    minLength: 1,
    maxLength: 6,
  })
  return texts.map(some => some.join('')).filter(text => text !== '')
}

function assertOneSentence(name: SettingName, error: string): void {
  const { flag, env, secret }: Setting<unknown> = SETTINGS[name]
  const where = secret === true ? env : `--${flag} (${env})`
  const [sentence = '', ...rest] = error.split('\n')
  assert.ok(sentence.startsWith(`rollcall: ${where}: `) && sentence.endsWith('.'), error)
  assert.deepEqual(rest, ['See rollcall serve --help.', ''])
}

/** Runs `rollcall serve` in this process; `run` takes the place of the server. */
async function serveWith({ args, env }: GivenSettings, run: (config: Config) => Promise<void>) {
  let error = ''
  const exitCode = await runInProcess([SERVE, ...args], {
    commands: commands.map(command => ({ ...command, run: ({ config }) => run(config) })),
    env,
    writeOut() {},
    writeError(text) {
      error += text
    },
    readLine: async () => '',
    clock: Date.now,
    heedSignals: () => new AbortController().signal,
  })
  return { exitCode, error }
}
