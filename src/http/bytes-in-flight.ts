/** The memory that one body or message takes up, from its first byte until it is stored or refused. */
export interface Share {
  /** States how many bytes it takes up now. */
  hold(bytes: number): void
  /** States that it has arrived: it is not given up for others any more. */
  complete(): void
  /** States that its memory is free again. May be called more than once. */
  release(): void
}

/** The memory of all bodies and messages that clients have sent and that are not stored yet. */
export interface BytesInFlight {
  /** A share of the memory. `giveUp` is called when its unfinished body has to make room; it is released then. */
  open(giveUp: () => void): Share
}

/**
 * Bounds this memory to `maxBytes`. Where there is not enough, the unfinished body that began first is given up: those
 * of honest senders arrive quickly, so that one that is old is stuck or held back on purpose. Bodies that have arrived
 * are kept, and no other can then arrive while they fill the memory.
 */
export function bytesInFlight(maxBytes: number): BytesInFlight {
  /** In the order in which they began; bounded by the number of connections. */
  const unfinished = new Set<{ end(): void }>()
  let total = 0

  return {
    open(giveUp) {
      let held = 0
      let isOver = false
      const entry = {
        end() {
          release()
          giveUp()
        },
      }
      unfinished.add(entry)

      function release(): void {
        if (isOver) return
        isOver = true
        unfinished.delete(entry)
        total -= held
      }

      return {
        hold(bytes) {
          if (isOver) return
          total += bytes - held
          held = bytes
          for (const oldest of unfinished) {
            if (total <= maxBytes) return
            oldest.end()
          }
        },
        complete: () => void unfinished.delete(entry),
        release,
      }
    },
  }
}
