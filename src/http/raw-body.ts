import type { FastifyInstance, FastifyRequest } from 'fastify'

/** Gives every body as the bytes that came, whatever its media type: the signatures of feeds are over these bytes. */
export function keepRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  // Fastify refuses a QUERY without a media type before it looks for the route: the path may not have this method at all.
  app.addHook('onRequest', async ({ method, raw }) => {
    if (method === 'QUERY') raw.headers['content-type'] ??= 'application/octet-stream'
  })
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}

/** The bytes of a request's body; none if it has no body. */
export function bodyOf({ body }: FastifyRequest): Buffer {
  return (body as Buffer | undefined) ?? Buffer.alloc(0) // the only parser gives a Buffer
}
