import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { BytesInFlight, Share } from './bytes-in-flight.ts'

/** The head of a short frame from a client, with its mask (RFC 6455, 5.2). */
const FRAME_HEAD_BYTES = 6

/** What bounds one WebSocket. */
export interface WebSocketWatch {
  /** How often a client is asked whether it is there; one that sends nothing until the next time is cut. */
  readonly pingEveryMs: number
  readonly inFlight: BytesInFlight
}

/**
 * Watches a WebSocket over `connection` from its first byte: cuts it when its client is gone, and counts the bytes of a
 * message that has come to a part. Gives a function to be called for each message: its share of the memory in flight,
 * which is to be released once the message is stored.
 */
export function watchWebSocket(
  socket: WebSocket,
  connection: Socket,
  { pingEveryMs, inFlight }: WebSocketWatch,
): (message: Buffer) => Share {
  let unfinished: Share | undefined
  let bytes = 0
  /** How many bytes had been read when the client was asked last; undefined if it need not have answered. */
  let bytesWhenAsked: number | undefined

  const asking = setInterval(() => {
    if (connection.bytesRead === bytesWhenAsked) return socket.terminate()
    // What the client of a paused socket answers is not read.
    bytesWhenAsked = socket.isPaused ? undefined : connection.bytesRead
    if (bytesWhenAsked !== undefined) socket.ping()
  }, pingEveryMs)
  asking.unref()

  function count(more: number): void {
    bytes += more
    if (bytes > 0) {
      unfinished ??= inFlight.open(() => socket.terminate())
      unfinished.hold(bytes)
    } else endMessage()
  }

  function endMessage(): void {
    unfinished?.release()
    unfinished = undefined
    bytes = 0
  }

  // The bytes are to be counted before ws makes a message of them.
  connection.prependListener('data', (chunk: Buffer) => count(chunk.length))
  for (const event of ['ping', 'pong'] as const) {
    socket.on(event, data => count(-data.length - FRAME_HEAD_BYTES))
  }
  socket.once('close', () => {
    clearInterval(asking)
    endMessage()
  })

  return message => {
    endMessage()
    const share = inFlight.open(() => {})
    share.complete()
    share.hold(message.length)
    return share
  }
}
