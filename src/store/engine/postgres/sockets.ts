import { Socket } from 'node:net'

/** The sockets of this process to the server, open or closing. */
export interface PostgresSockets {
  /** One that is not connected yet. */
  make(): Socket
  /** Destroys all of them. A socket that was only ended waits for the server, and keeps the process alive. */
  cut(): void
}

export function postgresSockets(): PostgresSockets {
  const sockets = new Set<Socket>()
  return {
    make() {
      const socket = new Socket()
      sockets.add(socket)
      return socket.once('close', () => sockets.delete(socket))
    },
    cut() {
      for (const socket of sockets) socket.destroy()
    },
  }
}
