/**
 * Gives the URL that a request is routed by. The target of a request may be absolute (RFC 9112, 3.2.2), and a proxy may
 * pass on the path prefix of the public address or remove it: all forms lead to the same route.
 */
export function requestTarget(publicUrl: string | undefined): (target: string) => string {
  const prefix = publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '')
  return target => {
    const url = target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?]*\/?/i, '/')
    const rest = url.slice(prefix.length)
    if (prefix === '' || !url.startsWith(prefix) || !/^(?:[/?]|$)/.test(rest)) return url
    return rest.startsWith('/') ? rest : `/${rest}`
  }
}
