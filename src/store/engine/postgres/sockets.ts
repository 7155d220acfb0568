import { Socket } from 'node:net'

/** The sockets of a process to a server, open or on their way to be closed. */
export interface PostgresSockets {
  /** One that is not connected yet. */
  make(): Socket
  /** Destroys all that there are. One that was ended waits for the server to agree, and keeps the process meanwhile. */
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
