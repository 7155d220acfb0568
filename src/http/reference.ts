import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { operations } from '../api/index.ts'
import { feeds } from '../feeds/index.ts'
import { VERSION } from '../version.ts'
import { addEtags } from './etag.ts'
import { openapi } from './openapi.ts'

/** The OpenAPI document and a page to read it, from our own files alone. */
export async function registerReference(
  scope: FastifyInstance,
  baseUrlOf: (request: FastifyRequest) => string,
): Promise<void> {
  const document = (request: FastifyRequest) =>
    openapi({ operations, feeds, version: VERSION, baseUrl: baseUrlOf(request) })
  addEtags(scope)
  scope.get('/openapi.json', async request => document(request))
  scope.get('/', async (_request, reply) => reply.redirect('./docs/', 302))
  await scope.register(swagger, {
    mode: 'static',
    specification: {
      document: { openapi: '3.1.0', info: { title: 'Rollcall', version: VERSION }, paths: {} },
    },
  })
  await scope.register(swaggerUi, {
    routePrefix: '/docs',
    // The page needs nothing from elsewhere, and is not to be told to use https where there is none.
    staticCSP:
      "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'",
    uiConfig: { layout: 'BaseLayout', docExpansion: 'list', defaultModelsExpandDepth: 0 },
    theme: { title: 'Rollcall API' },
    transformSpecification: (_document, request) => ({ ...document(request) }),
  })
}
