import swagger from '@fastify/swagger'
import type {
  FastifyInstance,
  FastifySchema,
  FastifySchemaCompiler,
  FastifySerializerCompiler,
} from 'fastify'
import Type from 'typebox'
import type { Feed } from '../feeds/feed.ts'
import { VERSION } from '../version.ts'
import { ERRORS, ErrorBody } from './errors.ts'
import type { Operation } from './operation.ts'

/**
 * The schema of a route, for the OpenAPI document only: our own code parses queries and bodies, and the bodies of answers
 * are texts that the store keeps.
 */
export interface Described {
  readonly schema: FastifySchema
  readonly validatorCompiler: FastifySchemaCompiler<FastifySchema>
  readonly serializerCompiler: FastifySerializerCompiler<FastifySchema>
}

/** Every tag, in the order of the reference. Operations name one of the first three. */
const TAGS = [
  ['Rooms', 'One room is one instance of a room: a name that is used again is another room.'],
  ['Participants', 'One participant is one stay of one identity in a room.'],
  ['Events', 'The events that records were folded from, with their payloads.'],
  ['Feeds', 'Where media servers deliver their events.'],
] as const

/** What a feed answers once a delivery is stored. */
const Stored = Type.Object(
  {
    events: Type.Integer({ minimum: 0, description: 'How many events were new' }),
    duplicates: Type.Integer({ minimum: 0, description: 'How many were known' }),
  },
  { $id: 'Stored' },
)

/** Collects the routes that are registered from then on for the OpenAPI 3.1 document, but for those without a tag. */
export async function registerOpenapi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    hideUntagged: true,
    convertConstToEnum: false,
    refResolver: { buildLocalReference: ({ $id }) => String($id) },
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Rollcall',
        version: VERSION,
        description:
          "Who was in the room, when, for how long, and why they left: self-hosted history for video rooms, over the REST API of Twilio's Video Insights.",
        license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
      },
      tags: TAGS.map(([name, description]) => ({ name, description })),
      security: [{ basic: [] }],
      components: {
        securitySchemes: {
          basic: {
            type: 'http',
            scheme: 'basic',
            description: 'Account SID and auth token, or API key SID and secret.',
          },
          feedKey: { type: 'http', scheme: 'bearer', description: 'A key from `rollcall feed add events`.' },
        },
      },
    },
  })
}

/** The document of a server that answers at `baseUrl`. The server must be ready. */
export function openapiDocument(app: FastifyInstance, baseUrl: string) {
  return { ...app.swagger(), servers: [{ url: baseUrl }] }
}

/** Describes the route of an operation. */
export function describeOperation(scope: FastifyInstance, operation: Operation): Described {
  const { id, tag, summary, description, parameters, mediaType, response } = operation
  const query = Object.entries(parameters).map(([name, { schema, description: meaning }]) => [
    name,
    { ...schema, description: meaning },
  ])
  return described({
    operationId: id,
    tags: [tag],
    summary,
    description,
    // An array is given by repeating the name of its parameter.
    querystring: { type: 'object', properties: Object.fromEntries(query), style: 'form', explode: true },
    response: {
      ...(response === undefined
        ? { 204: { description: 'Done', type: 'null' } }
        : { 200: { description: 'OK', ...content(named(scope, response), mediaType) } }),
      ...errorResponses(scope),
    },
  })
}

/** Describes the route of a feed at one of its paths, with one of its methods. */
export function describeFeed(
  scope: FastifyInstance,
  { summary, body }: Feed,
  { method, path }: { method: string; path: string },
): Described {
  return described({
    operationId: nameOf([method.toLowerCase(), ...path.split('/')]),
    tags: ['Feeds'],
    summary,
    security: body === undefined ? [] : [{ feedKey: [] }],
    ...(body === undefined ? {} : { consumes: ['application/cloudevents+json'], body }),
    response: {
      200: { description: 'Stored, or known already', ...content(named(scope, Stored)) },
      ...errorResponses(scope),
    },
  })
}

/** The words in one name, each with a capital: `PostFeedsJanusToken`. */
function nameOf(words: readonly string[]): string {
  return words
    .map(word => word.replace(/\W/g, ''))
    .map(word => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('')
}

function described(schema: FastifySchema): Described {
  return {
    schema,
    validatorCompiler: () => () => true,
    serializerCompiler: () => data => JSON.stringify(data),
  }
}

function errorResponses(scope: FastifyInstance) {
  const byStatus = Map.groupBy(Object.values(ERRORS), error => error.status)
  return Object.fromEntries(
    [...byStatus].map(([status, errors]) => [
      status,
      {
        description: errors.map(({ code, message }) => `${code}: ${message}`).join('; '),
        ...content(named(scope, ErrorBody)),
      },
    ]),
  )
}

function content(schema: unknown, mediaType = 'application/json') {
  return { content: { [mediaType]: { schema } } }
}

/** The schema with references to the schemas in it that have an `$id`: the document lists these under that name. */
function named(scope: FastifyInstance, schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(one => named(scope, one))
  if (typeof schema !== 'object' || schema === null) return schema
  if ('$id' in schema && typeof schema.$id === 'string') {
    if (scope.getSchema(schema.$id) === undefined) scope.addSchema(schema)
    return { $ref: `${schema.$id}#` }
  }
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, named(scope, value)]))
}
