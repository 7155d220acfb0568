import type { Event } from '../event.ts'
import type { Feed, ListeningWindow, Reduced, Source } from '../feeds/feed.ts'
import type { Payload } from '../feeds/payload.ts'

/** Payloads of an authenticated delivery, or what Rollcall noticed itself. Plain data. */
export interface Incoming {
  readonly accountSid: string
  readonly feedId: string
  readonly feedKind: string
  readonly receivedAtMs: number
  readonly payloads: readonly Payload[]
  /** Observations that no payload leads to, each with JSON that shows what was noticed. */
  readonly observations?: readonly { readonly event: Event; readonly native: string }[]
  /** Asks the feed to look at what is due in its memory. */
  readonly look?: ListeningWindow
}

/** How many events were new, and how many events and payloads were known already. */
export interface Applied {
  added: number
  duplicates: number
}

/** An incoming delivery on its way into a commit. */
export interface Pending {
  readonly incoming: Incoming
  readonly feed: Feed
  /** What each payload leads to; undefined where that needs the memory of the feed. */
  readonly reduced: readonly Reduced[] | undefined
  readonly applied: Applied
  /** Set where the one payload of the delivery is reduced again. */
  readonly replayed?: Replayed
}

/** What is known of a payload that the log of its feed has. */
export interface Replayed {
  /** Its place in the log. */
  readonly seq: number
  /** Gives the SIDs that the payload gave out before. */
  readonly source: Source
}
