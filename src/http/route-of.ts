/** A path with `{Name}` for a parameter, as the router writes it: with `:Name`. */
export function routeOf(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}
