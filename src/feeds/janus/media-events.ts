import type { Reduced } from '../feed.ts'
import type { Json } from '../json.ts'
import { type JanusContext, NOTHING } from './context.ts'
import { endMedia, lastMediaMs, MEDIA_SAMPLE_MS, noteMedia } from './media.ts'
import { memberAt, memberFacts, seenEvent, showMember } from './members.ts'

/** The subtype of media events that holds statistics. */
const STATISTICS = 3

/** True for the statistics of media that flow. They are not kept, because they come every second. */
export function isStatistics({ type, subtype }: Json): boolean {
  return type === 32 && subtype === STATISTICS
}

/** Type 32: media. Statistics come while media flow; the other subtypes are changes, which may be rare. */
export async function reduceMedia(subtype: unknown, context: JanusContext): Promise<Reduced> {
  const { memory, handleId, atMs } = context
  const member = await memberAt(memory, handleId)
  if (member === undefined || member.isOver) return NOTHING
  const lastMs = await lastMediaMs(memory, member)
  if (subtype !== STATISTICS && lastMs === undefined) return NOTHING
  if (atMs - Math.max(lastMs ?? 0, member.mediaEndedMs ?? 0) < MEDIA_SAMPLE_MS) return NOTHING
  await noteMedia(memory, member, atMs)
  if (member.toldSilentMs === undefined) return NOTHING
  await showMember(memory, member)
  return { events: [seenEvent(context, memberFacts(member))] }
}

/** Type 16, subtype 6: connections. A hangup ends the media; the participant is still in the room. */
export async function reduceConnection(
  event: Json,
  { memory, handleId, atMs }: JanusContext,
): Promise<Reduced> {
  const member = await memberAt(memory, handleId)
  if (event['connection'] !== 'hangup' || member === undefined) return NOTHING
  memory.set('member', member, { ...member, mediaEndedMs: atMs })
  await endMedia(memory, member, atMs)
  return NOTHING
}
