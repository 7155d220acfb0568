import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'

type Json = { [key: string]: unknown }

const published: Json & {
  paths: Record<string, { get: { responses: { 200: { content: Record<string, { schema: Json }> } } } }>
} = JSON.parse(readFileSync(new URL('./insights-v1.openapi.json', import.meta.url), 'utf8'))

/** The paths in the OpenAPI document that Twilio publishes, like `/v1/Video/Rooms/{RoomSid}`. */
export const publishedPaths = Object.keys(published.paths)

/** What in a body breaks the published schema of its path; empty if nothing does. */
export function violationsOf(path: string, body: unknown): string[] {
  const schema = published.paths[path]?.get.responses[200].content['application/json']?.schema
  if (schema === undefined) return [`${path} is not published`]
  const formats = { 'http-method': true, 'uri-map': true } as const
  const ajv = new Ajv({ strict: false, allErrors: true, formats })
  addFormats.default(ajv)
  const root = { allOf: [toJsonSchema(schema)], components: toJsonSchema(published['components']) }
  const validate = ajv.compile(root)
  validate(body)
  return (validate.errors ?? []).map(error => `${error.instancePath} ${error.message}`)
}

/** A schema of OpenAPI 3.0 as JSON Schema: `nullable` as a type, and `$ref` without the members that it overrides. */
function toJsonSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(toJsonSchema)
  if (typeof schema !== 'object' || schema === null) return schema
  const { nullable, $ref, ...rest } = schema as Json // an object, by the checks above
  const members = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, toJsonSchema(value)]))
  const own = $ref === undefined ? members : { $ref }
  return nullable === true ? { anyOf: [own, { type: 'null' }] } : own
}
