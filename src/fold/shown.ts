import Type from 'typebox'
import { CODECS, type Codec } from '../event.ts'

/** `YYYY-MM-DDTHH:MM:SSZ`, without a fraction of a second: twilio-python does not parse a time that has one. */
export const Timestamp = Type.String({
  format: 'date-time',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$',
  examples: ['2026-01-31T09:30:00Z'],
})

/** What `properties.metadata` of a record is. */
export const METADATA_DESCRIPTION = "The application's own text, often JSON, without secrets"

/** The schema of a value that may be null. */
export function nullable<T extends Type.TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()])
}

/** The whole second (unix seconds) in which a moment in unix milliseconds is shown. */
export function secondOf(ms: number): number
export function secondOf(ms: number | undefined): number | undefined
export function secondOf(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.floor(ms / 1000)
}

/** A moment in unix seconds as `Timestamp` writes it; null for undefined. */
export function timestamp(sec: number): string
export function timestamp(sec: number | undefined): string | null
export function timestamp(sec: number | undefined): string | null {
  return sec === undefined ? null : new Date(sec * 1000).toISOString().replace('.000Z', 'Z')
}

/** The codecs that Twilio's API names, in the order of CODECS; the others are left out. */
export function codecsShown(codecs: readonly string[]): Codec[] {
  return CODECS.filter(codec => codecs.includes(codec))
}
