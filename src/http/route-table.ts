import { unescape as decodePercent } from 'node:querystring'
import type { RouteOptions } from 'fastify'
import findMyWay from 'find-my-way'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The path parameter that is a secret, and is left out of the log. */
    secretParam?: string
  }
}

/**
 * The routes of a server, to be asked by the URL of a request: which methods a path has, whether a WebSocket is served
 * there, and what of the path may be logged. It is a second find-my-way with the options of Fastify's own, because
 * Fastify's findRoute does not tell which route it found, and these questions come up before Fastify has routed.
 */
export interface RouteTable {
  /** Takes in a route. Every route is to be given, by the hook onRoute. */
  add(route: RouteOptions): void
  /**
   * The methods of a path, in the order of the header Allow; empty if no route has the path. A GET that must ask for a
   * WebSocket is not among them.
   */
  methodsOf(url: string): string[]
  servesWebSocket(url: string): boolean
  /** The path of a URL without the secrets in it. */
  pathToLog(url: string): string
}

interface Facts {
  readonly methods: readonly string[]
  readonly isWebSocket: boolean
}

/** How often a path is decoded before secrets are looked for: clients and proxies may each encode it. */
const DECODE_TIMES = 3

/** An empty table; `options` are those of the server's router. */
export function routeTable(options: { ignoreTrailingSlash: boolean; maxParamLength: number }): RouteTable {
  const router = findMyWay(options)
  const methods = new Set<findMyWay.HTTPMethod>()
  const secrets: RegExp[] = []

  function find(method: findMyWay.HTTPMethod, url: string): Facts | undefined {
    return router.find(method, url)?.store
  }

  return {
    add({ url, method, wsHandler, config }) {
      const own = [method].flat() as findMyWay.HTTPMethod[] // Fastify has checked them
      const facts: Facts = { methods: own, isWebSocket: wsHandler !== undefined }
      router.on(own, url, () => {}, facts)
      for (const one of own) methods.add(one)
      if (config?.secretParam !== undefined) secrets.push(secretBelow(url, config.secretParam))
    },
    methodsOf(url) {
      const found = [...methods].flatMap(method => {
        const facts = find(method, url)
        return facts === undefined || facts.isWebSocket ? [] : facts.methods
      })
      return found.length === 0 ? [] : [...new Set([...found, 'OPTIONS'])]
    },
    servesWebSocket: url => find('GET', url)?.isWebSocket === true,
    pathToLog(url) {
      const path = url.split('?', 1)[0] ?? ''
      let decoded = path
      for (let turn = 0; turn < DECODE_TIMES; turn++) decoded = decodePercent(decoded)
      const secret = secrets.find(pattern => pattern.test(decoded))
      return secret === undefined ? path : decoded.replace(secret, '$1…')
    },
  }
}

/**
 * Matches what follows the folder that the secret stands in, wherever the folder is: the rest of a mistyped path may
 * hold the secret too.
 */
function secretBelow(url: string, secretParam: string): RegExp {
  const folder =
    url
      .slice(0, url.indexOf(`:${secretParam}`))
      .split('/')
      .findLast(Boolean) ?? ''
  return new RegExp(`(/${folder.replace(/[.+?^${}()|[\]\\]/g, '\\$&')}/+)[^/].*$`, 'is')
}
