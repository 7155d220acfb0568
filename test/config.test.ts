import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, readConfig, SETTINGS, type SettingName } from '../src/config.ts'

const TOKEN = 'aTokenOfLettersAndDigits0123456789'

test('a flag overrides the variable, the variable overrides the default, and an empty text counts as not given', () => {
  assert.equal(readConfig({ port: '1' }, { PORT: '2' }).port, 1)
  assert.equal(readConfig({}, { PORT: '2' }).port, 2)
  assert.equal(readConfig({ port: '' }, { PORT: '' }).port, Number(SETTINGS.port.default))
  assert.equal(readConfig({}, { PUBLIC_URL: '' }).publicUrl, undefined)
})

test('lists, pairs and addresses are read as the help describes them', () => {
  const config = readConfig(
    {},
    {
      PUBLIC_URL: 'https://example.com/rollcall/',
      TRUST_PROXY: '10.0.0.0/8, 127.0.0.1',
      CORS_ORIGINS: 'https://a.example, https://b.example',
      MEDIA_REGIONS: 'eu-west=ie1, us-east=us1',
      PUBLISHER_ATTRIBUTES: 'name=sdk,sdk_version=sdkVersion',
      ROLLCALL_AUTH_TOKEN: TOKEN,
    },
  )
  assert.equal(config.publicUrl, 'https://example.com/rollcall')
  assert.deepEqual(config.trustProxy, ['10.0.0.0/8', '127.0.0.1'])
  assert.deepEqual(config.corsOrigins, ['https://a.example', 'https://b.example'])
  assert.deepEqual(config.mediaRegions, { 'eu-west': 'ie1', 'us-east': 'us1' })
  assert.deepEqual(config.publisherAttributes, { name: 'sdk', sdk_version: 'sdkVersion' })
  assert.equal(config.authToken, TOKEN)
})

test('a value that cannot be read is refused with a sentence that names its flag and variable, or only the variable of a secret', () => {
  const wrong: [SettingName, string, RegExp][] = [
    ['port', '80a', /^--port \(PORT\): a whole number is expected\.$/],
    ['port', '65536', /^--port \(PORT\): a port from 0 to 65535 is expected\.$/],
    ['publicUrl', 'example.com', /^--public-url \(PUBLIC_URL\): an address like .* is expected\.$/],
    ['publicUrl', 'https://user@example.com', /^--public-url \(PUBLIC_URL\): /],
    ['publicUrl', 'https://example.com/?a', /^--public-url \(PUBLIC_URL\): /],
    ['publicUrl', 'https://example.com/v1', /^--public-url \(PUBLIC_URL\): a path that .*\.$/],
    ['corsOrigins', 'example.com', /^--cors-origins \(CORS_ORIGINS\): origins like .* are expected\.$/],
    ['rateLimitPerMin', '-1', /^--rate-limit \(RATE_LIMIT_PER_MIN\): a whole number/],
    ['bodyLimitBytes', '1 MB', /^--body-limit \(BODY_LIMIT_BYTES\): a whole number/],
    ['logLevel', 'loud', /^--log-level \(LOG_LEVEL\): one of fatal, .* is expected\.$/],
    ['mediaRegions', 'eu-west=mars', /^--media-regions \(MEDIA_REGIONS\): a media region is one of .*\.$/],
    ['mediaRegions', 'eu-west', /^--media-regions \(MEDIA_REGIONS\): pairs like /],
    ['accountSid', 'ACnone', /^--account-sid \(ROLLCALL_ACCOUNT_SID\): AC and 32 hex digits are expected\.$/],
    ['authToken', 'short', /^ROLLCALL_AUTH_TOKEN: 32 characters or more are expected\.$/],
    ['authToken', `${TOKEN}-`, /^ROLLCALL_AUTH_TOKEN: only letters and digits are expected: .*\.$/],
    [
      'database',
      'mysql://me:geheim@host/db',
      /^--database \(DATABASE_URL\): there is no store for mysql: URLs; (?!.*geheim)/,
    ],
    [
      'database',
      'postgres://me:ge#heim@host/db',
      /^--database \(DATABASE_URL\): a URL like .* # is written %23, .*\.$/,
    ],
    [
      'bodyLimitBytes',
      '0',
      /^--body-limit \(BODY_LIMIT_BYTES\): a whole number from 1 to \d+ is expected\.$/,
    ],
    ['trustProxy', 'foo', /^--trust-proxy \(TRUST_PROXY\): addresses or networks like .* are expected\.$/],
    ['host', '[::1]', /^--host \(HOST\): an address like .* or a host name, is expected\.$/],
    ['janusEventsPassword', 'short', /^JANUS_EVENTS_PASSWORD: 32 characters or more are expected\.$/],
    [
      'janusEventsUser',
      'a:b',
      /^--janus-events-user \(JANUS_EVENTS_USER\): a name without a colon is expected\.$/,
    ],
    ['livekitApiKey', 'APIx', /^LIVEKIT_API_KEY and LIVEKIT_API_SECRET go together: .*\.$/],
    ['livekitApiSecret', 'secret', /^LIVEKIT_API_KEY and LIVEKIT_API_SECRET go together: .*\.$/],
  ]
  for (const [name, text, message] of wrong) {
    const isRefused = (error: unknown) => error instanceof ConfigError && message.test(error.message)
    assert.throws(() => readConfig({}, { [SETTINGS[name].env]: text }), isRefused, `${name} ${text}`)
  }
})

test('no two settings share a flag or a variable', () => {
  const settings = Object.values(SETTINGS)
  for (const key of ['flag', 'env'] as const) {
    assert.equal(new Set(settings.map(setting => setting[key])).size, settings.length)
  }
})
