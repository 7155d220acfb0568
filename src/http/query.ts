import Type from 'typebox'
import { isCalendarDay } from '../iso-date.ts'
import { wellFormed } from '../well-formed.ts'
import { ApiError } from './errors.ts'

/** What every SDK can read: Java's Integer. */
const MAX_INTEGER = 2_147_483_647

/** Query parameters as they come: repeated names make an array. */
export type RawQuery = Readonly<Record<string, string | string[] | undefined>>

/** One documented query parameter: its schema is its entry in the OpenAPI, `parse` gives its value. */
export interface Parameter<T> {
  readonly schema: Type.TSchema
  readonly description: string
  /** `texts` are all the values given, one at least. Throws a sentence that says what is expected. */
  parse(texts: readonly string[]): T
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>

export type Parsed<P extends Parameters> = {
  readonly [K in keyof P]: P[K] extends Parameter<infer T> ? T | undefined : never
}

/**
 * The documented parameters of a query; any other is ignored. `CreatedAfter` may also be written `created_after`.
 * Throws ApiError `invalidParameter`, naming the parameter.
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
  return Object.fromEntries(entries) as Parsed<P> // each name with its own parse
}

/** The values given for a parameter under either of its names, but for empty ones. */
export function textsGiven(name: string, query: RawQuery): string[] {
  const given = query[name] ?? query[snakeCase(name)] ?? []
  return (Array.isArray(given) ? given : [given]).filter(text => text !== '')
}

/** A whole number in a range. */
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

export function text(options: { description: string }) {
  return parameter(Type.String(), options.description, wellFormed)
}

/** Any of some words; the parameter may be repeated. */
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

/** A moment, in unix milliseconds: the shapes of ISO 8601 that the SDKs send. Without a zone it is UTC. */
export function moment(options: { description: string }) {
  return parameter(Type.String({ format: 'date-time' }), options.description, value => {
    const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[ +-]\d\d:?\d\d)?)?$/i.exec(value)
    const [, day, time = '00:00:00', fraction = '', zone = 'Z'] = match ?? []
    // A plus that nobody encoded arrives as a space.
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
