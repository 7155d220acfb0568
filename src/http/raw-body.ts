import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { BytesInFlight, Share } from './bytes-in-flight.ts'
import { ApiError, type ErrorName } from './errors.ts'

const FIRST_BYTES = 16 * 1024
const NO_BYTES = Buffer.alloc(0)

/**
 * Keeps every body as the bytes that came, whatever its media type: the signatures of feeds are over these bytes. A
 * body larger than `limitBytes` is refused. A body is in flight until its request is answered.
 */
export function keepRawBodies(app: FastifyInstance, limitBytes: number, inFlight: BytesInFlight): void {
  const responses = new WeakMap<FastifyRequest, ServerResponse>()
  app.removeAllContentTypeParsers()
  // Fastify refuses a QUERY without a media type before it looks for the route: the path may not have this method at all.
  app.addHook('onRequest', async ({ method, raw }) => {
    if (method === 'QUERY') raw.headers['content-type'] ??= 'application/octet-stream'
  })
  app.addHook('preParsing', async (request, reply, payload) => {
    responses.set(request, reply.raw)
    return payload
  })
  app.addContentTypeParser('*', async (request: FastifyRequest, payload: IncomingMessage) => {
    if (Number(request.headers['content-length']) > limitBytes) throw new ApiError('bodyTooLarge')
    const { share, body } = readBody(payload, limitBytes, inFlight)
    // A connection may close before its answer is finished.
    for (const event of ['finish', 'close']) responses.get(request)?.once(event, share.release)
    return await body
  })
}

/** The bytes of a request's body; none if it has no body. */
export function bodyOf({ body }: FastifyRequest): Buffer {
  return (body as Buffer | undefined) ?? NO_BYTES // the only parser gives a Buffer
}

/**
 * Reads a body into one buffer: a list of small chunks would take up far more memory than their bytes. The promise is
 * rejected with an ApiError.
 */
function readBody(
  payload: IncomingMessage,
  limitBytes: number,
  inFlight: BytesInFlight,
): { share: Share; body: Promise<Buffer> } {
  const { promise: body, resolve, reject } = Promise.withResolvers<Buffer>()
  const share = inFlight.open(() => refuse('unavailable'))
  let buffer = NO_BYTES
  let length = 0

  function append(chunk: Buffer): void {
    const needed = length + chunk.length
    if (needed > limitBytes) {
      refuse('bodyTooLarge')
      return
    }
    if (needed > buffer.length) {
      const larger = Buffer.allocUnsafe(
        Math.min(limitBytes, Math.max(needed, 2 * buffer.length, FIRST_BYTES)),
      )
      buffer.copy(larger, 0, 0, length)
      buffer = larger
      share.hold(larger.length)
    }
    chunk.copy(buffer, length)
    length = needed
  }

  /** What still comes of the body is read and forgotten. */
  function refuse(error: ErrorName): void {
    payload.off('data', append)
    buffer = NO_BYTES
    share.release()
    reject(new ApiError(error))
  }

  payload.on('data', append)
  payload.once('end', () => {
    share.complete()
    resolve(buffer.subarray(0, length))
  })
  payload.on('error', () => refuse('badRequest'))
  return { share, body }
}
