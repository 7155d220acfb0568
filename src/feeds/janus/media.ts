import type { EmitterMemory } from './emitter-memory.ts'
import type { Media, Member } from './entries.ts'

/** How often a sign of media is noted. A sign within this time after the end of the media was sent before that end. */
export const MEDIA_SAMPLE_MS = 30_000

/** The last sign of the media of a stay, in unix milliseconds; undefined if they do not flow. */
export async function lastMediaMs(memory: EmitterMemory, member: Member): Promise<number | undefined> {
  const { toldSilentMs, mediaEndedMs = 0 } = member
  if (toldSilentMs !== undefined) return mediaEndedMs < toldSilentMs ? toldSilentMs : undefined
  return (await mediaOf(memory, member))?.lastMs
}

/** Notes a sign of the media of a stay. A sign earlier than the last that is noted changes nothing. */
export async function noteMedia(memory: EmitterMemory, member: Member, atMs: number): Promise<void> {
  const { participantSid } = member
  const lastMs = Math.max((await mediaOf(memory, member))?.lastMs ?? 0, atMs)
  memory.set('media', member, { participantSid, lastMs })
}

/** Forgets the media of a stay that end at a moment, unless a sign of them shows that they flowed again after it. */
export async function endMedia(memory: EmitterMemory, member: Member, endedMs: number): Promise<void> {
  const media = await mediaOf(memory, member)
  if (media !== undefined && media.lastMs < endedMs + MEDIA_SAMPLE_MS) memory.delete('media', member)
}

/** Forgets the media of a stay that is over. */
export async function forgetMedia(memory: EmitterMemory, member: Member): Promise<void> {
  if ((await mediaOf(memory, member)) !== undefined) memory.delete('media', member)
}

async function mediaOf(memory: EmitterMemory, member: Member): Promise<Media | undefined> {
  const media = await memory.get('media', member)
  return media?.participantSid === member.participantSid ? media : undefined
}
