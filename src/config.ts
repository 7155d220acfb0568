import { parseHost, parseOrigins, parseProxies, parsePublicUrl, parseServerUrl } from './config/addresses.ts'
import { parsePairs } from './config/lists.ts'
import { isOneOf, MEDIA_REGIONS, type MediaRegion } from './event.ts'
import { ACCOUNT_SID } from './sid.ts'
import { placeOf } from './store/place.ts'

/** One setting: where it is read from and what it means. */
export interface Setting<T> {
  readonly flag: string
  readonly env: string
  /** The value's name in the help, as in `--port NUMBER`. */
  readonly value: string
  /** The default, as a user would write it; undefined for a setting that is off unless it is given. */
  readonly default: string | undefined
  readonly help: string
  /** True for a secret, which is read from the environment only: every process of the machine can see flags. */
  readonly secret?: true
  /** Throws an error whose message says what is expected. */
  parse(text: string | undefined): T
}

const MIN_SECRET_CHARS = 32
/** A body is read as one text, and V8 has none of 2^29 characters or more. */
const MAX_BODY_BYTES = 500_000_000
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** Every setting, in the order of the help. */
export const SETTINGS = {
  database: setting('database', 'DATABASE_URL', 'PLACE', './data', {
    help: 'Where everything is kept: a folder, a path ending in .db, a file: URL, or a postgres: URL.',
    parse: parsePlace,
  }),
  databaseConnections: setting('database-connections', 'DATABASE_CONNECTIONS', 'NUMBER', '10', {
    help: 'How many connections to PostgreSQL this process opens at most, 2 or more; one more is for the sweep.',
    parse: text => parseWhole(text, 2), // some connections write and others read
  }),
  host: setting('host', 'HOST', 'ADDRESS', '127.0.0.1', {
    help: 'The address to listen on; 0.0.0.0 for all.',
    parse: parseHost,
  }),
  port: setting('port', 'PORT', 'NUMBER', '8080', {
    help: 'The port to listen on; 0 for any free one.',
    parse: parsePort,
  }),
  publicUrl: setting('public-url', 'PUBLIC_URL', 'URL', undefined, {
    help: 'The public address of Rollcall, with its path if it has one; by default the address of each request.',
    parse: text => (text === undefined ? undefined : parsePublicUrl(text)),
  }),
  trustProxy: setting('trust-proxy', 'TRUST_PROXY', 'ADDRESSES', undefined, {
    help: 'Addresses or networks, with commas, of proxies whose X-Forwarded-For, -Proto, -Host and -Prefix are trusted; "all" for any.',
    parse: text => parseProxies(text ?? ''),
  }),
  corsOrigins: setting('cors-origins', 'CORS_ORIGINS', 'ORIGINS', '*', {
    help: 'Origins, with commas, whose pages may read the API; * for any, without credentials.',
    parse: parseOrigins,
  }),
  rateLimitPerMin: setting('rate-limit', 'RATE_LIMIT_PER_MIN', 'NUMBER', '6000', {
    help: 'How many API requests one account may make in a minute; 0 for no limit. Feeds are not limited.',
    parse: text => parseWhole(text, 0),
  }),
  bodyLimitBytes: setting('body-limit', 'BODY_LIMIT_BYTES', 'NUMBER', '1048576', {
    help: 'The largest request body, in bytes.',
    parse: text => parseWhole(text, 1, MAX_BODY_BYTES),
  }),
  logLevel: setting('log-level', 'LOG_LEVEL', 'LEVEL', 'info', {
    help: `One of ${LOG_LEVELS.join(', ')}.`,
    parse: text => {
      if (!isOneOf(LOG_LEVELS, text)) throw new Error(`one of ${LOG_LEVELS.join(', ')} is expected`)
      return text
    },
  }),
  mediaRegions: setting('media-regions', 'MEDIA_REGIONS', 'PAIRS', undefined, {
    help: 'The Twilio media region of each region of your media servers, like eu-west=ie1,us-east=us1.',
    parse: text => parsePairs(text, parseMediaRegion),
  }),
  publisherAttributes: setting('publisher-attributes', 'PUBLISHER_ATTRIBUTES', 'PAIRS', undefined, {
    help: 'The participant attribute that holds each key of publisher_info, like name=sdk,sdk_version=sdkVersion.',
    parse: text => parsePairs(text, value => value),
  }),
  accountSid: setting('account-sid', 'ROLLCALL_ACCOUNT_SID', 'SID', undefined, {
    help: 'The SID of the default account: AC and 32 hex digits; otherwise the first start generates one.',
    parse: text => {
      if (text !== undefined && !ACCOUNT_SID.test(text)) throw new Error('AC and 32 hex digits are expected')
      return text
    },
  }),
  authToken: secret('auth-token', 'ROLLCALL_AUTH_TOKEN', {
    help: `The token of the default account: letters and digits, ${MIN_SECRET_CHARS} or more; otherwise the first start generates one and prints it once.`,
    parse: text => (text === undefined ? undefined : parseToken(text)),
  }),
  livekitApiKey: setting('livekit-api-key', 'LIVEKIT_API_KEY', 'KEY', undefined, {
    help: 'The API key that LiveKit signs its webhooks with. The events go to the default account.',
    parse: text => (text === undefined ? undefined : parsePlain(text)),
  }),
  livekitApiSecret: secret('livekit-api-secret', 'LIVEKIT_API_SECRET', {
    help: 'The secret of LIVEKIT_API_KEY.',
    parse: text => (text === undefined ? undefined : parsePlain(text)),
  }),
  livekitUrl: setting('livekit-url', 'LIVEKIT_URL', 'URL', undefined, {
    help: "The address of LiveKit's API, like http://127.0.0.1:7880: its list of participants corrects what webhooks missed. It needs LIVEKIT_API_KEY.",
    parse: text => (text === undefined ? undefined : parseServerUrl(text)),
  }),
  janusEventsUser: setting('janus-events-user', 'JANUS_EVENTS_USER', 'NAME', undefined, {
    help: "The user name with which Janus's sampleevh posts to /feeds/janus. The events go to the default account.",
    parse: text => (text === undefined ? undefined : parseUser(text)),
  }),
  janusEventsPassword: secret('janus-events-password', 'JANUS_EVENTS_PASSWORD', {
    help: `The password of JANUS_EVENTS_USER: ${MIN_SECRET_CHARS} characters or more.`,
    parse: text => (text === undefined ? undefined : parsePassword(text)),
  }),
} satisfies Record<string, Setting<unknown>>

export type SettingName = keyof typeof SETTINGS

/** All settings, parsed. */
export type Config = { readonly [K in SettingName]: ReturnType<(typeof SETTINGS)[K]['parse']> }

/** A setting that cannot be read; the message names its flag and variable, and holds no secret. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/**
 * Reads each setting from its flag (given by setting name), else from its environment variable, else from its default.
 * An empty text counts as not given. Throws ConfigError.
 */
export function readConfig(
  flags: Readonly<Partial<Record<SettingName, string>>>,
  env: Readonly<Record<string, string | undefined>>,
): Config {
  const entries = Object.entries<Setting<unknown>>(SETTINGS).map(([name, setting]) => {
    const text = flags[name as SettingName] || env[setting.env] || setting.default // the keys of the table
    try {
      return [name, setting.parse(text)]
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      const where = setting.secret === true ? setting.env : `--${setting.flag} (${setting.env})`
      throw new ConfigError(`${where}: ${problem}.`)
    }
  })
  const config = Object.fromEntries(entries) as Config // each value comes from the parse of its name
  if ((config.livekitApiKey === undefined) !== (config.livekitApiSecret === undefined)) {
    throw new ConfigError('LIVEKIT_API_KEY and LIVEKIT_API_SECRET go together: one of them is missing.')
  }
  if (config.livekitUrl !== undefined && config.livekitApiKey === undefined) {
    throw new ConfigError('LIVEKIT_URL needs LIVEKIT_API_KEY and LIVEKIT_API_SECRET.')
  }
  if ((config.janusEventsUser === undefined) !== (config.janusEventsPassword === undefined)) {
    throw new ConfigError('JANUS_EVENTS_USER and JANUS_EVENTS_PASSWORD go together: one of them is missing.')
  }
  return config
}

interface Given<T, D extends string | undefined> {
  help: string
  parse: (text: D extends string ? string : string | undefined) => T
}

function setting<T, D extends string | undefined>(
  flag: string,
  env: string,
  value: string,
  standard: D,
  { help, parse }: Given<T, D>,
): Setting<T> {
  // A setting with a default is never parsed from undefined.
  return { flag, env, value, default: standard, help, parse: parse as Setting<T>['parse'] }
}

function secret<T>(flag: string, env: string, given: Given<T, undefined>): Setting<T> {
  return { ...setting(flag, env, 'SECRET', undefined, given), secret: true }
}

function parsePort(text: string): number {
  const port = parseWhole(text, 0)
  if (port > 65_535) throw new Error('a port from 0 to 65535 is expected')
  return port
}

function parseWhole(text: string, least: number, most = Number.POSITIVE_INFINITY): number {
  const number = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN
  if (number >= least && number <= most) return number
  const range = most < Number.POSITIVE_INFINITY ? ` from ${least} to ${most}` : ` of ${least} or more`
  throw new Error(`a whole number${least === 0 ? '' : range} is expected`)
}

/** The place stays a text, since it can be given to other programs; the store reads it again. */
function parsePlace(text: string): string {
  placeOf(text)
  return text
}

function parseToken(text: string): string {
  if (!/^[A-Za-z0-9]+$/.test(text))
    throw new Error('only letters and digits are expected: the Go SDK refuses others')
  return longEnough(text)
}

/** HTTP Basic ends the user at the first colon (RFC 7617, 2). */
function parseUser(text: string): string {
  if (text.includes(':')) throw new Error('a name without a colon is expected')
  return parsePlain(text)
}

function parsePassword(text: string): string {
  return longEnough(parsePlain(text))
}

function longEnough(text: string): string {
  if (text.length < MIN_SECRET_CHARS) throw new Error(`${MIN_SECRET_CHARS} characters or more are expected`)
  return text
}

/** Refuses spaces around the text, and control characters: they come from a mistake in the settings file. */
function parsePlain(text: string): string {
  if (text !== text.trim() || /\p{Cc}/u.test(text)) {
    throw new Error('a text without control characters, and without spaces around it, is expected')
  }
  return text
}

function parseMediaRegion(value: string): MediaRegion {
  if (!isOneOf(MEDIA_REGIONS, value)) throw new Error(`a media region is one of ${MEDIA_REGIONS.join(', ')}`)
  return value
}
