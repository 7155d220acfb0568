import Type from 'typebox'
import { CODECS, type Codec } from '../event.ts'

/** `YYYY-MM-DDTHH:MM:SSZ`: with a fraction of a second twilio-python returns text instead of a date. */
export const Timestamp = Type.String({
  format: 'date-time',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$',
  examples: ['2026-01-31T09:30:00Z'],
})

/** A schema or null. */
export function nullable<T extends Type.TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()])
}

/** The whole second in which a moment is shown. */
export function secondOf(ms: number): number
export function secondOf(ms: number | undefined): number | undefined
export function secondOf(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.floor(ms / 1000)
}

/** A second as the contract writes it, or null. */
export function timestamp(sec: number): string
export function timestamp(sec: number | undefined): string | null
export function timestamp(sec: number | undefined): string | null {
  return sec === undefined ? null : new Date(sec * 1000).toISOString().replace('.000Z', 'Z')
}

/** Those codecs that the contract names, in its order. */
export function codecsShown(codecs: readonly string[]): Codec[] {
  return CODECS.filter(codec => codecs.includes(codec))
}
