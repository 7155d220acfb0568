import type { Event } from '../event.ts'
import type { Feed, Linked, Move, Payload } from '../feeds/feed.ts'
import type { RecordSettings } from '../fold/participant-record.ts'
import type { Transaction } from '../store/store.ts'
import { eventIn } from './fold-into-rows.ts'
import { isOfFuture } from './future.ts'
import { type Heard, type HeardEvent, recordEvents } from './record-events.ts'

type From = Omit<Heard, 'events'>

const NOTHING: Linked = { events: [], reason: 'Nothing follows from it' }
const OF_THE_FUTURE: Linked = {
  events: [],
  reason: 'It is of the future: compare the clocks of both machines',
}

/** Keeps each payload that is new in the log of its feed, with what it means after all that was before it. */
export async function linkPayloads(
  transaction: Transaction,
  feed: Feed,
  from: From,
  payloads: readonly Payload[],
  settings: RecordSettings,
) {
  const counts = { added: 0, duplicates: 0 }
  const { accountSid, feedId, receivedAtMs } = from
  const memory = transaction.memory(accountSid, feedId)
  const link = async (payload: Payload) => (await feed.link?.(payload, memory, from)) ?? NOTHING
  const pending: HeardEvent[] = []
  const flush = async () => {
    const { added, duplicates } = await recordEvents(
      transaction,
      { ...from, events: pending.splice(0) },
      settings,
    )
    counts.added += added
    counts.duplicates += duplicates
  }
  for (const payload of payloads) {
    const { payloadKey, native, atMs } = payload
    if (native !== undefined && (await transaction.isKnownPayload(accountSid, feedId, payloadKey))) {
      counts.duplicates++
      continue
    }
    const linked = isOfFuture(atMs, receivedAtMs) ? OF_THE_FUTURE : await link(payload)
    if (native !== undefined) {
      const reason = linked.reason ?? ''
      await transaction.keepPayload({ accountSid, feedId, payloadKey, receivedAtMs, reason, native })
    }
    for (const { roomSid, instance } of linked.claims ?? []) {
      const claim = { claim: instance, roomSid }
      const kept = { payloadKey: `claim|${roomSid}`, reason: 'A SID is given', native: JSON.stringify(claim) }
      await transaction.keepPayload({ accountSid, feedId, receivedAtMs, ...kept })
    }
    // What is told now is told in the room that the stays are in by then: they move before it, and after the rest.
    if (linked.moves !== undefined && linked.moves.length > 0) await flush()
    for (const move of linked.moves ?? []) await moveParticipant(transaction, from, move, settings)
    pending.push(...linked.events.map(event => ({ event, native: native ?? '{}' })))
  }
  await flush()
  return counts
}

/** Tells a stay in another room, with all its evidence; where it was told its SID leads there. */
async function moveParticipant(transaction: Transaction, from: From, move: Move, settings: RecordSettings) {
  const { participantSid, fromRoomSid, toRoomSid, atMs } = move
  const writer = transaction.room({ accountSid: from.accountSid, roomSid: fromRoomSid })
  await writer.lock()
  const logged = await writer.events(participantSid)
  const elsewhere: Event = {
    kind: 'observation.participant_elsewhere',
    key: `elsewhere|${participantSid}|${toRoomSid}`,
    ...{ atMs, roomSid: fromRoomSid, room: {}, participantSid, participant: {}, toRoomSid },
  }
  await recordEvents(transaction, { ...from, events: [{ event: elsewhere, native: '{}' }] }, settings)
  const own = logged.filter(({ feedId }) => feedId === from.feedId)
  for (const [receivedAtMs, stored] of Map.groupBy(own, event => event.receivedAtMs)) {
    const events = stored.map(({ body, native }) => ({
      event: { ...eventIn(body), roomSid: toRoomSid },
      native,
    }))
    await recordEvents(transaction, { ...from, receivedAtMs, events }, settings)
  }
}
