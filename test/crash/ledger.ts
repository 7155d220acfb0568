import type { Webhook } from './webhooks.ts'

/** How often a webhook was sent, and how often it was answered 200. */
export interface Entry {
  readonly webhook: Webhook
  sent: number
  acknowledged: number
}

/** What the sender knows: which webhooks it sent, which were acknowledged, and which it must send again. */
export interface Ledger {
  /** The webhooks that were sent, by the id of the event, in the order in which they were first sent. */
  readonly entries: ReadonlyMap<string, Entry>
  /** How many answers acknowledged an event. */
  acknowledgements(): number
  /** How many deliveries had no answer. */
  unanswered(): number
  /** The next webhook to send: first those that were not answered, then new ones. */
  next(): Webhook | undefined
  acknowledge(webhook: Webhook): void
  /** Notes that a webhook was sent and not answered. It will be sent again. */
  sendAgain(webhook: Webhook): void
  /** From here on `next` gives no new webhooks. */
  endStory(): void
  /** LiveKit's ids of the rooms whose webhooks were sent since the last call. */
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
