import { Socket } from 'node:net'

/** The sockets of this process to the server, open or closing. */
export interface PostgresSockets {
  /** Makes a socket, which is not connected yet. */
  make(): Socket
  /** Destroys all of them. After `end` alone, a socket would wait for the server and keep the process alive. */
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
