import type { FastifyInstance } from 'fastify'

/** The methods of every path that a server answers: for 405 and for OPTIONS. */
export interface RouteTable {
  /** Empty for a path that nothing answers. */
  methodsOf(url: string): string[]
}

/** Watches the routes that are registered from now on. */
export function routeTable(app: FastifyInstance): RouteTable {
  const routes: { pattern: RegExp; methods: string[] }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    routes.push({ pattern: patternOf(url), methods: [method].flat() })
  })
  return {
    methodsOf(url) {
      const path = withoutTrailingSlash(url.split('?', 1)[0] ?? '/')
      const methods = routes.filter(({ pattern }) => pattern.test(path)).flatMap(route => route.methods)
      return methods.length === 0 ? [] : [...new Set([...methods, 'OPTIONS'])]
    },
  }
}

function patternOf(url: string): RegExp {
  const literal = withoutTrailingSlash(url).replace(/[.+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${literal.replace(/\*/g, '.*').replace(/:\w+/g, '[^/]+')}$`)
}

function withoutTrailingSlash(path: string): string {
  return path.replace(/(.)\/$/, '$1')
}
