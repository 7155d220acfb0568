import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'

declare module 'fastify' {
  interface FastifyRequest {
    /** What became of the delivery that the request brought, for its line in the log. */
    delivery?: object
  }
}

/** Logs one line for each request, when it is answered or when its client is gone. A WebSocket has one at its end. */
export class RequestLog extends LogController {
  readonly #logged = new WeakSet<FastifyReply>()

  override incomingRequest(request: FastifyRequest, reply: FastifyReply): void {
    reply.raw.once('close', () => {
      if (reply.raw.writableFinished || this.#logged.has(reply)) return
      logLine(request, {}, request.ws === true ? 'WebSocket closed' : 'request without an answer')
    })
  }

  override requestCompleted(
    error: Error | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    this.#logged.add(reply)
    const facts = { res: reply, responseTime: reply.elapsedTime }
    if (error)
      request.log.error({ req: request, ...facts, err: error }, 'request failed while it was answered')
    else logLine(request, facts, 'request')
  }
}

function logLine(request: FastifyRequest, facts: object, message: string): void {
  request.log.info({ req: request, ...facts, ...request.delivery }, message)
}
