import type { Event } from '../event.ts'
import type { Feed, ListeningWindow, Reduced, Source } from '../feeds/feed.ts'
import type { Payload } from '../feeds/payload.ts'

/** What is to be applied: the payloads of an authenticated delivery, observations, or a look at a feed's memory. */
export interface Incoming {
  readonly accountSid: string
  readonly feedId: string
  readonly feedKind: string
  readonly receivedAtMs: number
  readonly payloads: readonly Payload[]
  /** Observations of the sweeper, each with JSON that shows what was noticed. */
  readonly observations?: readonly { readonly event: Event; readonly native: string }[]
  /** If given, `expire` of the feed looks at the entries of its memory that are due. */
  readonly look?: ListeningWindow
}

/** How many events were new, and how many events and payloads were already known. */
export interface Applied {
  added: number
  duplicates: number
}

/** An Incoming that waits for its commit. */
export interface Pending {
  readonly incoming: Incoming
  readonly feed: Feed
  /** What each payload leads to; undefined if that depends on the memory of the feed. */
  readonly reduced: readonly Reduced[] | undefined
  readonly applied: Applied
  /** Set if a rebuild reduces the only payload of the delivery again. */
  readonly replayed?: Replayed
}

/** What a rebuild knows of a payload that it reduces again. */
export interface Replayed {
  /** Its place in the log. */
  readonly seq: number
  /** A source that gives the SIDs which the payload gave out when it came. */
  readonly source: Source
}
