import type { RoomState } from './room.ts'

/**
 * Whether the room was recorded; undefined if nothing states it. True once anything was recorded, and while a recording
 * goes on. LiveKit's `activeRecording` shows a recording only if none is known that ended empty.
 */
export function isRecorded(state: RoomState): boolean | undefined {
  const { recordingEnabled, activeRecording } = state
  if (recordingEnabled === true || goesOn(state) || (state.recordingsWritten ?? []).length > 0) return true
  if (activeRecording === undefined) return recordingEnabled
  return activeRecording && state.recordingsEmpty === undefined
}

/**
 * The seconds of all recordings: as stated, else their sum; 0 if the room was not recorded. Undefined if no length is
 * known of a room that was recorded.
 */
export function recordedSec(state: RoomState): number | undefined {
  if (state.recordingDurationSec !== undefined) return state.recordingDurationSec.value
  const durations = Object.values(state.recordings)
  if (durations.length > 0) return durations.reduce((sum, duration) => sum + duration.value, 0)
  const recorded = isRecorded(state)
  return recorded === false || (recorded === undefined && state.recordingsEmpty !== undefined) ? 0 : undefined
}

/** True if a recording began and no end of it is known. */
function goesOn({ recordingsBegun = [], recordingsEmpty = [] }: RoomState): boolean {
  const empty = new Set(recordingsEmpty)
  return recordingsBegun.some(key => !empty.has(key))
}
