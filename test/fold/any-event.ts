import fc from 'fast-check'
import { Event } from '../../src/event.ts'

/** The parts of a JSON schema that the schema of an event uses. */
interface Schema {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
}

/** Facts that every event of one participant or room states alike. */
const CONSTANTS = ['nativeKey', 'connectionKey', 'breakoutOf', 'roomSid', 'participantSid']

/** Events of one room and one participant, of all kinds and with all facts, at few moments; each has its own key. */
export const anyEvents: fc.Arbitrary<Event[]> = fc
  .array(anyOfSchema(Event as unknown as Schema), { maxLength: 10 }) // its types hold no JSON schema, its value does
  .map(events => events.map((event, index) => ({ ...(event as Event), key: `key-${index}` }))) // made by its schema

function anyOfSchema(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(anyOfSchema))
  switch (schema.type) {
    case 'string':
      return fc.constantFrom('a', 'b', 'room_ended_via_api', '__proto__')
    case 'integer':
      return fc.integer({ min: 1, max: 6 })
    case 'boolean':
      return fc.boolean()
    case 'array':
      return fc.array(anyOfSchema(schema.items ?? {}), { maxLength: 3 })
    case 'object':
      return schema.properties === undefined ? dictionaryOf(schema) : objectOf(schema)
    default:
      throw new Error(`No values for ${JSON.stringify(schema)}`)
  }
}

function objectOf({ properties = {}, required = [] }: Schema): fc.Arbitrary<unknown> {
  const members: Record<string, fc.Arbitrary<unknown>> = {}
  for (const [name, schema] of Object.entries(properties)) {
    members[name] = CONSTANTS.includes(name) ? fc.constant(name) : anyOfSchema(schema)
  }
  return fc.record(members, { requiredKeys: [...required] })
}

function dictionaryOf({ patternProperties = {} }: Schema): fc.Arbitrary<unknown> {
  const [schema = {}] = Object.values(patternProperties)
  return fc.dictionary(fc.constantFrom('a', 'b'), anyOfSchema(schema))
}
