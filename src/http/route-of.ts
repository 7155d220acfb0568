import type { Feed } from '../feeds/feed.ts'

/** A path with `{Name}` for a parameter, as the router writes it: with `:Name`. */
export function routeOf(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}

/**
 * What all routes at a path of a feed have in common: the URL, which of its parameters is a secret, and how a delivery
 * is refused for the moment.
 */
export function feedRouteOf({ secretParam, whenUnavailable }: Feed, path: string) {
  const isInPath = secretParam !== undefined && path.includes(`{${secretParam}}`)
  const config = { whenUnavailable, ...(isInPath ? { secretParam } : {}) }
  return { url: routeOf(path), exposeHeadRoute: false, config }
}
