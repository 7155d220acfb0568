import Type from 'typebox'
import { momentInIso8601 } from '../iso-date.ts'
import { wellFormed } from '../well-formed.ts'
import { ApiError } from './errors.ts'

/** The largest number that Twilio's SDK for Java can read: its Integer has 32 bits. */
const MAX_INTEGER = 2_147_483_647

/** The query parameters of a request. A name that is repeated has an array. */
export type RawQuery = Readonly<Record<string, string | string[] | undefined>>

/**
 * The documented parameters in the query of a URL, decoded; others are left out. A plus sign is a space, as in forms.
 * Throws ApiError `invalidParameter` for a value that is not UTF-8 in percent encoding (RFC 3986, 2.1).
 */
export function readQuery(url: string, parameters: Parameters): RawQuery {
  const names = new Map(
    Object.keys(parameters).flatMap(name => [name, snakeCase(name)].map(one => [one, name])),
  )
  const query = new Map<string, string[]>()
  const start = url.indexOf('?')
  for (const pair of start < 0 ? [] : url.slice(start + 1).split('&')) {
    const [, encoded = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(pair) ?? []
    const given = decoded(encoded) ?? ''
    const name = names.get(given)
    if (name === undefined) continue
    const text = decoded(value)
    if (text === undefined) {
      throw new ApiError(
        'invalidParameter',
        `Invalid parameter ${name}: UTF-8 in percent encoding is expected`,
      )
    }
    query.set(given, [...(query.get(given) ?? []), text])
  }
  return Object.fromEntries(query)
}

/** Undefined for a text that is not UTF-8 in percent encoding. */
function decoded(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/** One documented query parameter. `schema` and `description` are for the OpenAPI document only; `parse` gives the value. */
export interface Parameter<T> {
  readonly schema: Type.TSchema
  readonly description: string
  /** `texts` are all the values given, at least one. Throws an Error whose message says what is expected. */
  parse(texts: readonly string[]): T
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>

/** The values of parameters, by name; undefined for a parameter that is not given. */
export type Parsed<P extends Parameters> = {
  readonly [K in keyof P]: P[K] extends Parameter<infer T> ? T | undefined : never
}

/**
 * The values of the documented parameters in a query; other parameters are ignored. `CreatedAfter` may also be written
 * `created_after`. Throws ApiError `invalidParameter`, which names the parameter.
 */
export function parseQuery<P extends Parameters>(parameters: P, query: RawQuery): Parsed<P> {
  const entries = Object.entries(parameters).map(([name, parameter]) => {
    const texts = textsGiven(name, query)
    if (texts.length === 0) return [name, undefined]
    try {
      return [name, parameter.parse(texts)]
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      throw new ApiError('invalidParameter', `Invalid parameter ${name}: ${problem}`)
    }
  })
  return Object.fromEntries(entries) as Parsed<P> // each value comes from the parse of its own parameter
}

/** The values given for a parameter under either of its names, without empty ones. */
export function textsGiven(name: string, query: RawQuery): string[] {
  const given = query[name] ?? query[snakeCase(name)] ?? []
  return (Array.isArray(given) ? given : [given]).filter(text => text !== '')
}

/** A whole number of `minimum` or more. A number above `clamp` is read as `clamp`. */
export function integer(options: { minimum: number; clamp?: number; description: string }) {
  const { minimum, clamp = MAX_INTEGER, description } = options
  return parameter(Type.Integer({ minimum }), description, text => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (!(number >= minimum)) throw new Error(`a whole number of ${minimum} or more is expected`)
    return Math.min(number, clamp)
  })
}

/** Any text. */
export function text(options: { description: string }) {
  return parameter(Type.String(), options.description, wellFormed)
}

/** One of the allowed words; the parameter may be repeated, for several of them. */
export function words<T extends string>(allowed: readonly T[], description: string): Parameter<readonly T[]> {
  return {
    schema: Type.Array(Type.Enum([...allowed])),
    description,
    parse: texts =>
      [...new Set(texts)].map(value => {
        const word = allowed.find(candidate => candidate === value)
        if (word === undefined) throw new Error(`one of ${allowed.join(', ')} is expected`)
        return word
      }),
  }
}

/** A moment in unix milliseconds, from any form of ISO 8601 that Twilio's SDKs send. Without a time zone it is UTC. */
export function moment(options: { description: string }) {
  return parameter(Type.String({ format: 'date-time' }), options.description, value => {
    const ms = momentInIso8601(value)
    if (ms === undefined) throw new Error('a date in ISO 8601 is expected')
    return ms
  })
}

function parameter<T>(schema: Type.TSchema, description: string, parse: (text: string) => T): Parameter<T> {
  return {
    schema,
    description,
    parse([text, ...others]) {
      if (text === undefined || others.length > 0) throw new Error('it is given more than once')
      return parse(text)
    },
  }
}

function snakeCase(name: string): string {
  return name.replace(/(?<!^)[A-Z]/g, letter => `_${letter}`).toLowerCase()
}
