import type { Webhook } from './webhooks.ts'

/** How often a webhook was sent, and how often it was answered 200. */
export interface Entry {
  readonly webhook: Webhook
  sent: number
  acknowledged: number
}

/** What the sender knows: what it sent, what was acknowledged, and what it must send again. */
export interface Ledger {
  /** By the event's id, in the order of the first sending. */
  readonly entries: ReadonlyMap<string, Entry>
  /** How many answers acknowledged an event. */
  acknowledgements(): number
  /** How many deliveries had no answer. */
  unanswered(): number
  /** The next to send: first what was not answered, then what is new. */
  next(): Webhook | undefined
  acknowledge(webhook: Webhook): void
  /** It was sent and no answer came: it will be sent again. */
  sendAgain(webhook: Webhook): void
  /** From here on nothing new is sent. */
  endStory(): void
  /** LiveKit's ids of the rooms of which something was sent since this was last asked. */
  takeTouchedRooms(): Set<string>
}

export function ledger(story: Iterator<Webhook, undefined>): Ledger {
  const entries = new Map<string, Entry>()
  const again: Webhook[] = []
  let touched = new Set<string>()
  let acknowledgements = 0
  let unanswered = 0
  let ended = false

  function entryOf(webhook: Webhook): Entry {
    const known = entries.get(webhook.id)
    if (known !== undefined) return known
    const entry = { webhook, sent: 0, acknowledged: 0 }
    entries.set(webhook.id, entry)
    return entry
  }

  return {
    entries,
    acknowledgements: () => acknowledgements,
    unanswered: () => unanswered,
    next() {
      const webhook = again.shift() ?? (ended ? undefined : story.next().value)
      if (webhook === undefined) return undefined
      entryOf(webhook).sent++
      touched.add(webhook.nativeRoomSid)
      return webhook
    },
    acknowledge(webhook) {
      entryOf(webhook).acknowledged++
      acknowledgements++
    },
    sendAgain(webhook) {
      unanswered++
      again.push(webhook)
    },
    endStory() {
      ended = true
    },
    takeTouchedRooms() {
      const taken = touched
      touched = new Set()
      return taken
    },
  }
}
