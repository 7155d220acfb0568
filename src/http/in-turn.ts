import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Lets a server answer the requests of one connection one after another: a request waits until the client has taken the
 * answers before its own. So the answers that a client does not read are held once, and not once for each request that
 * it has sent ahead. A connection on which more than `maxWaiting` requests wait is cut.
 */
export function answerInTurn(server: Server, maxWaiting: number): void {
  const listeners = server.listeners('request')
  const waiting = new WeakMap<Socket, number>()

  function answer(request: IncomingMessage, response: ServerResponse): void {
    for (const listener of listeners) listener.call(server, request, response)
  }

  server.removeAllListeners('request')
  server.on('request', (request, response) => {
    const { socket } = request
    // Node reads all requests of a packet at once, also those after the one for which the connection was cut.
    if (socket.destroyed) return
    // Node gives a response its socket when those before it are finished.
    if (response.socket !== null) return answer(request, response)
    const count = (waiting.get(socket) ?? 0) + 1
    waiting.set(socket, count)
    if (count > maxWaiting) return void socket.destroy()
    response.once('socket', () => {
      waiting.set(socket, (waiting.get(socket) ?? 0) - 1)
      setImmediate(answer, request, response)
    })
  })
}
