import type { Feed } from '../feeds/feed.ts'
import { routeOf } from './route-of.ts'

/** What all routes at a path of a feed have in common: the URL, and which of its parameters is a secret. */
export function feedRoute({ secretParam }: Feed, path: string) {
  const isInPath = secretParam !== undefined && path.includes(`{${secretParam}}`)
  return { url: routeOf(path), exposeHeadRoute: false, config: isInPath ? { secretParam } : {} }
}
