import { isIP } from 'node:net'
import proxyAddr from '@fastify/proxy-addr'
import { listOf } from './lists.ts'

/** Paths that Rollcall serves itself: none of them can be the prefix of PUBLIC_URL. */
const OWN_PATHS = /^\/(?:v1|feeds|docs|openapi\.json|healthz|readyz)(?:\/|$)/
/** Labels with dots between them (RFC 1123, 2.1). The last one is no number: that would be a broken IPv4 address. */
const HOST_NAME =
  /^(?=.{1,253}$)(?:[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?\.)*(?!\d+\.?$)[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?\.?$/i
/** Names of networks that proxy-addr knows. */
const NETWORK_NAMES = ['loopback', 'linklocal', 'uniquelocal']

/** An address or a name of this machine. Throws an error whose message says what is expected, as all of these do. */
export function parseHost(text: string): string {
  if (isIP(text) === 0 && !HOST_NAME.test(text)) {
    throw new Error('an address like 127.0.0.1 or ::1, or a host name, is expected')
  }
  return text
}

/** The public address, without a slash at the end. */
export function parsePublicUrl(text: string): string {
  const url = plainUrl(text)
  if (url === undefined) throw new Error('an address like https://rollcall.example.com is expected')
  if (OWN_PATHS.test(url.pathname)) throw new Error('a path that Rollcall itself serves cannot be the prefix')
  return url.href.replace(/\/+$/, '')
}

/**
 * The URL of a media server's API, without a slash at the end. LiveKit serves its API at the address that clients dial
 * with `ws:` or `wss:`.
 */
export function parseServerUrl(text: string): string {
  const url = plainUrl(text.replace(/^ws/i, 'http'))
  if (url === undefined) throw new Error('an address like http://127.0.0.1:7880 is expected')
  return url.href.replace(/\/+$/, '')
}

/** Addresses and networks of proxies, or `all`. */
export function parseProxies(text: string): readonly string[] {
  const proxies = listOf(text)
  if (!proxies.every(proxy => proxy === 'all' || isNetwork(proxy))) {
    throw new Error('addresses or networks like 127.0.0.1,10.0.0.0/8, or all, are expected')
  }
  return proxies
}

export function parseOrigins(text: string): readonly string[] {
  const origins = listOf(text)
  const isOrigin = (origin: string) => URL.canParse(origin) && new URL(origin).origin === origin
  if (origins.length === 0 || !origins.every(origin => origin === '*' || isOrigin(origin))) {
    throw new Error('origins like https://console.example.com, or *, are expected')
  }
  return origins
}

/** An http or https URL with nothing but a host, a port and a path; undefined for any other text. */
function plainUrl(text: string): URL | undefined {
  if (!URL.canParse(text) || /[?#]/.test(text)) return undefined
  const url = new URL(text)
  return /^https?:$/.test(url.protocol) && url.username + url.password === '' ? url : undefined
}

/** proxy-addr alone would take `1` for 0.0.0.1, where other programs take it for a number of proxies. */
function isNetwork(text: string): boolean {
  const [address = ''] = text.split('/')
  if (isIP(address) === 0 && !NETWORK_NAMES.includes(text)) return false
  try {
    proxyAddr.compile(text)
    return true
  } catch {
    return false
  }
}
