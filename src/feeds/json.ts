import { createHash } from 'node:crypto'
import { momentInRfc3339 } from '../iso-date.ts'
import { SECRET_KEY, TooDeepError, withoutSecrets } from '../secrets.ts'
import { wellFormed } from '../well-formed.ts'
import { JunkError } from './feed-errors.ts'

export type Json = Readonly<Record<string, unknown>>

/** The longest metadata that a record shows. */
export const MAX_METADATA_CHARS = 4_096
/** The largest number that Java's Integer holds. */
export const MAX_COUNT = 2_147_483_647
/** How many milliseconds one second, millisecond, microsecond and nanosecond are. */
const MS_OF_UNITS = [1000, 1, 1e-3, 1e-6]
/** From 2001-09-09 to 2286-11-20: unix seconds have ten digits there. */
const FIRST_MS = 1e12
const LAST_MS = 1e13

/** The body as JSON, its texts well-formed and without NUL, which PostgreSQL cannot store. Throws JunkError. */
export function parseJson(body: Buffer): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body)
    // In valid UTF-8 only an escape can hold a lone surrogate or NUL.
    return text.includes('\\u') ? JSON.parse(text, (_, value) => cleaned(value)) : JSON.parse(text)
  } catch {
    throw new JunkError('The body is not JSON in UTF-8.')
  }
}

/** The value if it is an object, else undefined. */
export function objectOf(value: unknown): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return value as Json // an object that is neither null nor an array
}

/** The objects in a list; none if the value is no list. */
export function objectsIn(list: unknown): Json[] {
  return Array.isArray(list) ? list.map(objectOf).filter(one => one !== undefined) : []
}

/** A text that is not empty, well-formed and without NUL. */
export function textOf(value: unknown): string | undefined {
  const text = cleaned(value)
  return typeof text === 'string' && text !== '' ? text : undefined
}

/**
 * An id: a text, or a whole number as its decimal text, so that `2` and `"2"` are one id. A number beyond 2^53 is no id,
 * since JSON.parse has rounded it, so that two ids may have become one. Nor is a fraction, a flag or an empty text.
 */
export function idOf(value: unknown): string | undefined {
  return Number.isSafeInteger(value) ? String(value) : textOf(value)
}

function cleaned(value: unknown): unknown {
  return typeof value === 'string' ? wellFormed(value) : value
}

/** A whole number, also one written as text (protobuf's JSON form of 64-bit integers). */
export function intOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d{1,19}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined
}

/** A count that every SDK can read: a whole number of 31 bits. */
export function countOf(value: unknown): number | undefined {
  const number = intOf(value)
  return number !== undefined && number >= 0 && number <= MAX_COUNT ? number : undefined
}

/** The moment so many seconds before another, where a sender states a duration instead of a beginning. */
export function estimatedBack(atMs: number, durationSec: number | undefined): number | undefined {
  const ms = durationSec === undefined ? undefined : atMs - durationSec * 1000
  return ms !== undefined && ms >= 0 ? ms : undefined
}

/** A moment of 1970 or later in RFC 3339, in unix milliseconds (see momentInRfc3339). */
export function dateOf(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? momentInRfc3339(value) : undefined
  return ms !== undefined && ms >= 0 ? ms : undefined
}

/**
 * A moment in unix milliseconds from a number of seconds, milliseconds, microseconds or nanoseconds. The magnitude of
 * the number shows its unit; undefined for a number that fits none.
 */
export function momentOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{9,20}(?:\.\d+)?$/.test(value) ? Number(value) : value
  if (typeof number !== 'number') return undefined
  const unit = MS_OF_UNITS.find(msOfUnit => number * msOfUnit >= FIRST_MS && number * msOfUnit < LAST_MS)
  return unit === undefined ? undefined : Math.floor(number * unit)
}

/** An object's members that are texts, without those whose names say that they hold a secret. */
export function textsOf(value: unknown): Record<string, string> | undefined {
  const entries = Object.entries(objectOf(value) ?? {}).flatMap(([key, member]) => {
    const text = SECRET_KEY.test(key) ? undefined : textOf(member)
    return text === undefined ? [] : [[key, text] as const]
  })
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

/**
 * What an application attached to a room or a participant, as a text: JSON, unless it is a text already. Without secrets
 * and addresses, as in the kept form. Empty if there is none, and if it is longer than MAX_METADATA_CHARS: a part of it
 * could be taken for the whole. Throws JunkError.
 */
export function metadataOf(value: unknown): string {
  const { metadata } = keptForm({ metadata: value ?? '' })
  const text = typeof metadata === 'string' ? wellFormed(metadata) : JSON.stringify(metadata)
  return text.length > MAX_METADATA_CHARS ? '' : text
}

/**
 * The object in the form in which a payload is kept and reduced: without secrets and addresses (see withoutSecrets).
 * Throws JunkError.
 */
export function keptForm(value: Json): Json {
  try {
    return withoutSecrets(value) as Json // an object stays one
  } catch (error) {
    if (error instanceof TooDeepError) throw new JunkError('The body is nested too deeply.')
    throw error
  }
}

/** The object without the members that are undefined. */
export function omitUndefined<T extends object>(members: T): OmitUndefined<T> {
  const entries = Object.entries(members).filter(([, member]) => member !== undefined)
  return Object.fromEntries(entries) as OmitUndefined<T> // see the filter
}

type OmitUndefined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** The value as JSON with the members of its objects in one order: equal values give equal texts. Throws JunkError. */
export function canonicalJson(value: unknown): string {
  try {
    return JSON.stringify(value, (_, member) => {
      const object = objectOf(member)
      return object === undefined
        ? member
        : Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)))
    })
  } catch (error) {
    // Parsed JSON has no cycles: it can only be too deep for the stack.
    if (error instanceof RangeError) throw new JunkError('The body is nested too deeply.')
    throw error
  }
}

/** Hex SHA-256, which is the key of a payload that has none of its own. */
export function digestOf(body: Buffer | string): string {
  return createHash('sha256').update(body).digest('hex')
}
