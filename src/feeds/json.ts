import { createHash } from 'node:crypto'
import { JunkError } from './feed.ts'

export type Json = Readonly<Record<string, unknown>>

const SECRET_KEY = /password|secret|token|credential|stream_?key|access_?key|private_?key/i

/** The body as JSON. Throws JunkError. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw new JunkError('The body is not JSON in UTF-8.')
  }
}

/** The value if it is an object, else undefined. */
export function objectOf(value: unknown): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return value as Json // an object that is neither null nor an array
}

/** A text that is not empty. NUL is dropped: no SQL engine but SQLite keeps it. */
export function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const text = value.toWellFormed().replaceAll('\0', '')
  return text === '' ? undefined : text
}

/** A whole number, also one written as text (protobuf's JSON form of 64-bit integers). */
export function intOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d{1,19}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined
}

/** A moment in ISO 8601, in unix milliseconds. */
export function dateOf(value: unknown): number | undefined {
  if (
    typeof value !== 'string' ||
    !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.test(value)
  ) {
    return undefined
  }
  const ms = Date.parse(value)
  return Number.isNaN(ms) ? undefined : Math.floor(ms)
}

/** An object's members that are texts. */
export function textsOf(value: unknown): Record<string, string> | undefined {
  const entries = Object.entries(objectOf(value) ?? {}).flatMap(([key, member]) => {
    const text = textOf(member)
    return text === undefined ? [] : [[key, text] as const]
  })
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

/** The value as JSON without any member whose name speaks of a secret. */
export function withoutSecrets(value: unknown): string {
  return JSON.stringify(value, (key, member) => (SECRET_KEY.test(key) ? undefined : member))
}

/** An object's members that are known: what is undefined is left out. */
export function known<T extends object>(members: T): Known<T> {
  const entries = Object.entries(members).filter(([, member]) => member !== undefined)
  return Object.fromEntries(entries) as Known<T> // see the filter
}

type Known<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** Hex SHA-256: the key of a payload that has none of its own. */
export function digestOf(body: Buffer | string): string {
  return createHash('sha256').update(body).digest('hex')
}
