import Type from 'typebox'
import { isCalendarDay } from '../iso-date.ts'
import { wellFormed } from '../well-formed.ts'
import { ApiError } from './errors.ts'

/** The largest number that Twilio's SDK for Java can read: its Integer has 32 bits. */
const MAX_INTEGER = 2_147_483_647

/** The query parameters of a request. A name that is repeated has an array. */
export type RawQuery = Readonly<Record<string, string | string[] | undefined>>

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
export function integer(options: { minimum: number; maximum?: number; clamp?: number; description: string }) {
  const { minimum, maximum, clamp = MAX_INTEGER, description } = options
  return parameter(
    Type.Integer(maximum === undefined ? { minimum } : { minimum, maximum }),
    description,
    text => {
      const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
      if (!(number >= minimum)) throw new Error(`a whole number of ${minimum} or more is expected`)
      return Math.min(number, clamp)
    },
  )
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
    const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[ +-]\d\d:?\d\d)?)?$/i.exec(value)
    const [, day, time = '00:00:00', fraction = '', zone = 'Z'] = match ?? []
    // A plus sign that the client did not encode arrives as a space.
    const offset = zone
      .toUpperCase()
      .replace(' ', '+')
      .replace(/(\d\d)(\d\d)$/, '$1:$2')
    const ms = Date.parse(`${day}T${time}${fraction.slice(0, 4)}${offset}`)
    if (Number.isNaN(ms) || !isCalendarDay(day ?? '')) throw new Error('a date in ISO 8601 is expected')
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
