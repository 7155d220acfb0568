import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Fact, factsAbout } from './facts-about.ts'
import { LIVEKIT_KEY, LIVEKIT_SECRET, LIVEKIT_URL } from './livekit-server.ts'
import type { Person } from './person.ts'
import type { Keep } from './play-and-print.ts'
import { readRecord, readRoomOf } from './record.ts'
import { startRollcall } from './rollcall-server.ts'
import type { RoomSeen } from './story.ts'

const PORT = 18082
const URL = `http://127.0.0.1:${PORT}`
/** Time for a list that has the room, and for two lists that lack it, each a minute apart. */
const CLOSED_LIMIT_MS = 150_000
const JOIN_TOLERANCE_SEC = 1
const LEAVE_TOLERANCE_MS = 2_000

/**
 * A Rollcall that receives no webhooks and is started when everybody is in the room. From LiveKit's list alone it must
 * find who is there, since when, and that they have left.
 */
export function deafRollcall(logs: string, keep: Keep) {
  const found: Fact[] = []
  return {
    async start(people: readonly Person[]): Promise<void> {
      const feedEnv = { LIVEKIT_API_KEY: LIVEKIT_KEY, LIVEKIT_API_SECRET: LIVEKIT_SECRET, LIVEKIT_URL }
      const folder = mkdtempSync(join(tmpdir(), 'deaf-'))
      keep(await startRollcall(folder, logs, { port: PORT, logName: 'deaf-rollcall', feedEnv }))
      const { participants } = await readRoomOf(people.length, people[0]?.roomSid ?? '', URL)
      for (const { identity, participantSid, joinedAtMs } of people) {
        const about = factsAbout(`missed: ${identity}`)
        const row = participants.find(one => one.properties?.native_participant_sid === participantSid)
        found.push(
          about.same('status', 'in_progress', row?.status),
          about.moment('join_time', joinedAtMs, row?.joinTime ?? null, JOIN_TOLERANCE_SEC),
          about.same('inferred', [], row?.properties?.inferred),
        )
      }
    },

    async facts(seen: RoomSeen | undefined): Promise<Fact[]> {
      if (seen === undefined) return found
      const { room, participants } = await readRecord(seen.roomSid, { url: URL, limitMs: CLOSED_LIMIT_MS })
      const about = factsAbout('missed: the end of the room')
      const facts = [
        about.same('status', 'completed', room.roomStatus),
        about.same('end_time, not after the end', true, isNotAfter(room.endTime, seen.endedAtMs)),
      ]
      for (const row of participants) {
        const stay = seen.stays.find(one => one.participantSid === row.properties?.native_participant_sid)
        const of = factsAbout(`missed: the leave of ${row.participantIdentity}`)
        facts.push(
          of.same('status', 'completed', row.status),
          of.same('leave_time inferred', true, row.properties?.inferred.includes('leave_time')),
          of.same('leave_time, not after the leave', true, isNotAfter(row.leaveTime, stay?.leftAtMs ?? 0)),
        )
      }
      return [...found, ...facts]
    },
  }
}

/** True if an inferred end is not later than the real one: it is the time of the last sign. */
function isNotAfter(shown: Date | null, happenedAtMs: number): boolean {
  return shown !== null && shown.getTime() <= happenedAtMs + LEAVE_TOLERANCE_MS
}
