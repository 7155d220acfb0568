import type Type from 'typebox'
import { Event } from '../api/events.ts'
import { Participant } from '../api/participants.ts'
import { Room } from '../api/rooms.ts'
import { ERRORS, ErrorBody } from './errors.ts'
import type { Operation } from './operation.ts'

const NAMED = new Map<unknown, string>([
  [Room, 'Room'],
  [Participant, 'Participant'],
  [Event, 'Event'],
])

/** What the document tells of a feed; `body` where the body is of our own making. */
interface DescribedFeed {
  readonly paths: readonly string[]
  readonly methods: readonly string[]
  readonly summary: string
  readonly body?: Type.TSchema
}

/** The OpenAPI 3.1 document of a server that answers at `baseUrl`, made from the schemas that the code uses. */
export function openapi(options: {
  operations: readonly Operation[]
  feeds: readonly DescribedFeed[]
  version: string
  baseUrl: string
}) {
  const { operations, feeds, version, baseUrl } = options
  return {
    openapi: '3.1.0',
    info: {
      title: 'Rollcall',
      version,
      description:
        "Who was in the room, when, for how long, and why they left: self-hosted history for video rooms, over the REST API of Twilio's Video Insights.",
    },
    servers: [{ url: baseUrl }],
    security: [{ basic: [] }],
    paths: {
      ...Object.fromEntries(operations.map(operation => [operation.path, { get: operationItem(operation) }])),
      ...Object.fromEntries(feeds.flatMap(feed => feed.paths.map(path => [path, feedItem(feed, path)]))),
    },
    components: {
      securitySchemes: {
        basic: {
          type: 'http',
          scheme: 'basic',
          description: 'Account SID and auth token, or API key SID and secret.',
        },
        feedKey: { type: 'http', scheme: 'bearer', description: 'A key from `rollcall feed add events`.' },
      },
      schemas: { Room, Participant, Event, Error: ErrorBody },
    },
  }
}

function operationItem(operation: Operation) {
  const inQuery = Object.entries(operation.parameters).map(([name, { schema, description }]) => ({
    name,
    in: 'query',
    description,
    schema,
    ...('items' in schema ? { style: 'form', explode: true } : {}),
  }))
  return {
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    description: operation.description,
    parameters: [...pathParameters(operation.path), ...inQuery],
    responses: { 200: { description: 'OK', ...json(withRefs(operation.response)) }, ...errorResponses() },
  }
}

function pathParameters(path: string) {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function feedItem(feed: DescribedFeed, path: string) {
  const operation = {
    tags: ['Feeds'],
    summary: feed.summary,
    parameters: pathParameters(path),
    security: feed.body === undefined ? [] : [{ feedKey: [] }],
    ...(feed.body === undefined ? {} : { requestBody: json(feed.body, 'application/cloudevents+json') }),
    responses: { 200: { description: 'Stored, or known already' }, ...errorResponses() },
  }
  return Object.fromEntries(feed.methods.map(method => [method.toLowerCase(), operation]))
}

function errorResponses() {
  const byStatus = Map.groupBy(Object.values(ERRORS), error => error.status)
  return Object.fromEntries(
    [...byStatus].map(([status, errors]) => [
      status,
      {
        description: errors.map(({ code, message }) => `${code}: ${message}`).join('; '),
        ...json({ $ref: '#/components/schemas/Error' }),
      },
    ]),
  )
}

function json(schema: unknown, mediaType = 'application/json') {
  return { content: { [mediaType]: { schema } } }
}

/** The schema with the named ones as references, so that a reader meets their names. */
function withRefs(schema: unknown): unknown {
  const name = NAMED.get(schema)
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` }
  if (Array.isArray(schema)) return schema.map(withRefs)
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, withRefs(value)]))
}
