import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { addCompression } from './compression.ts'
import { addEtags } from './etag.ts'
import { openapiDocument } from './openapi.ts'

/** Serves the OpenAPI document, and a page to read it that loads nothing from other hosts. */
export async function registerReference(
  scope: FastifyInstance,
  baseUrlOf: (request: FastifyRequest) => string,
): Promise<void> {
  addEtags(scope)
  scope.get('/', async (_request, reply) => reply.redirect('./docs/', 302))
  await scope.register(swaggerUi, {
    routePrefix: '/docs',
    // The default policy allows other hosts, and makes browsers ask by https where only http is served.
    staticCSP:
      "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'",
    uiConfig: { layout: 'BaseLayout', docExpansion: 'list', defaultModelsExpandDepth: 0 },
    theme: { title: 'Rollcall API' },
    transformSpecification: (_document, request) => openapiDocument(scope, baseUrlOf(request)),
  })
  // The files of the page are streams with headers of their own, and stay as they are.
  await addCompression(scope)
  scope.get('/openapi.json', async request => openapiDocument(scope, baseUrlOf(request)))
}
