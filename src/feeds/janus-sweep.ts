import { END_REASON_ERROR_CODES, type Event } from '../event.ts'
import type { Memory } from '../memory.ts'
import type { Quiet, Source } from './feed.ts'
import { EMPTY_LIMIT_MS, emptyEvent, ofMember } from './janus-members.ts'
import { rememberedOfAll } from './janus-memory.ts'

/** How long media that flowed may be silent, while everything else is heard, before their sender counts as gone. */
const MEDIA_SILENCE_MS = 5 * 60_000
/** An empty room is found to be empty a little later than it may last: what came just in time is on its way. */
const SLACK_MS = 10_000

/** Rooms that are empty for too long, and people whose media stopped while all the rest is heard; each told once. */
export async function sweepJanus(memory: Memory, _source: Source, quiet: Quiet): Promise<Event[]> {
  const events: Event[] = []
  for (const { key, value: room } of await rememberedOfAll(memory, 'room')) {
    const { emptySinceMs, toldEmptyMs, isCreated } = room
    const limitMs = EMPTY_LIMIT_MS[isCreated ? 'created' : 'static'] + SLACK_MS
    if (emptySinceMs === undefined || emptySinceMs === toldEmptyMs) continue
    if (quiet.nowMs - emptySinceMs <= limitMs) continue
    events.push(emptyEvent(room, emptySinceMs, quiet.nowMs))
    await memory.set(key, { ...room, toldEmptyMs: emptySinceMs })
  }
  for (const { key, value: member } of await rememberedOfAll(memory, 'member')) {
    const { lastMediaMs, toldSilentMs, isOver } = member
    if (lastMediaMs === undefined || lastMediaMs === toldSilentMs || isOver) continue
    if (!quiet.wasHeard(lastMediaMs, MEDIA_SILENCE_MS)) continue
    events.push({
      kind: 'observation.participant_silent',
      key: `silent|${member.participantSid}|${lastMediaMs}`,
      atMs: quiet.nowMs,
      ...ofMember(member),
      ...{ endReason: 'connection_lost', errorCode: END_REASON_ERROR_CODES.connection_lost },
      lastSignMs: lastMediaMs,
    })
    await memory.set(key, { ...member, toldSilentMs: lastMediaMs })
  }
  return events
}
