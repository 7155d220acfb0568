/** Names of members that hold secrets, also links that open a file without a password. */
export const SECRET_KEY =
  /password|secret|token|credential|preauthenticated|(?:stream|access|account|private)_?key/i
/** Names of members that hold addresses of people, or session descriptions and ICE candidates, which hold them too. */
const ADDRESS_KEY =
  /^(?:ip|ip_?addr(?:ess)?|.*_ip|address|remote_?addr(?:ess)?|sdp|candidates?|(?:local|remote|selected)-(?:candidate|pair)|selected-pair|e-?mail|statsUrl|avatar(?:_?url)?)$/i
/** Names of objects whose members a record shows, whatever they are called. */
const SHOWN_WHOLE = /^(?:attributes|publisher_?info)$/i
/** Names of texts of an application's own, which are often JSON. */
const METADATA = /^metadata$/i
/** Deeper values are refused: no sender needs them, and they would overflow the stack. */
const MAX_DEPTH = 1_000

/** The value is nested more deeply than MAX_DEPTH. */
export class TooDeepError extends Error {
  override name = 'TooDeepError'
}

/**
 * JSON in the form in which it is stored: without members that hold secrets or addresses. Members of `attributes` and
 * `publisherInfo` are left out only if they hold secrets, since records show them. A `metadata` that is a JSON text is
 * treated as its value would be. Throws TooDeepError.
 */
export function withoutSecrets(value: unknown): unknown {
  return without(value, 0, isSecretOrAddress)
}

/**
 * JSON in the form in which evidence shows it: without any member that holds a secret or an address. Throws
 * TooDeepError.
 */
export function withoutAddresses(value: unknown): unknown {
  return without(value, 0, isSecretOrAddress, true)
}

type IsLeftOut = (name: string) => boolean

function without(value: unknown, depth: number, isLeftOut: IsLeftOut, isEverywhere = false): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MAX_DEPTH) throw new TooDeepError('The value is nested too deeply.')
  if (Array.isArray(value)) return value.map(one => without(one, depth + 1, isLeftOut, isEverywhere))
  const members = Object.entries(value).flatMap(([name, member]) => {
    if (isLeftOut(name)) return []
    if (typeof member === 'string' && METADATA.test(name)) {
      return [[name, textWithout(member, depth, isLeftOut, isEverywhere)] as const]
    }
    const isShownWhole = !isEverywhere && SHOWN_WHOLE.test(name)
    const kept = isShownWhole
      ? without(member, depth + 1, inner => SECRET_KEY.test(inner))
      : without(member, depth + 1, isLeftOut, isEverywhere)
    return [[name, kept] as const]
  })
  return Object.fromEntries(members)
}

function isSecretOrAddress(name: string): boolean {
  return SECRET_KEY.test(name) || ADDRESS_KEY.test(name)
}

/** A text without the members to leave out if it is JSON; word for word if there are none. Empty if it is too deep. */
function textWithout(text: string, depth: number, isLeftOut: IsLeftOut, isEverywhere: boolean): string {
  if (!/^\s*[[{]/.test(text)) return text
  try {
    const value: unknown = JSON.parse(text)
    const kept = JSON.stringify(without(value, depth + 1, isLeftOut, isEverywhere))
    return kept === JSON.stringify(value) ? text : kept
  } catch (error) {
    return error instanceof SyntaxError ? text : ''
  }
}
