import assert from 'node:assert/strict'
import type { ServedParticipant, ServedRoom } from '../served.ts'

const COUNTS = [
  ...['num_video_tracks', 'num_audio_tracks', 'unique_participants', 'unique_participant_identities'],
  ...['concurrent_participants', 'total_participant_duration_sec'],
]

/** The fields of a record that are compared, and the names of those that it marks as inferred. */
interface Compared {
  readonly fields: Readonly<Record<string, unknown>>
  readonly inferred: readonly string[]
}

/**
 * Asserts that a record from a part of the events states nothing that the record from all events does not: a field that
 * differs is null, is marked as inferred, or is a set or a count that lacks members.
 */
export function assertNothingInvented(little: Compared, all: Compared, what: string): void {
  for (const [name, value] of Object.entries(little.fields)) {
    const whole = all.fields[name]
    const lacks = Array.isArray(value)
      ? isPartOf(value, whole)
      : COUNTS.includes(name) && isLess(value, whole)
    const isSaid = value === whole || value === null || lacks || little.inferred.includes(name)
    assert.ok(isSaid, `${what}: ${name} is ${value}, and was ${whole}: ${JSON.stringify(little)}`)
  }
}

/** The stay in the record from all events that has the native id of this stay and overlaps with it in time. */
export function wholeStay(stay: ServedParticipant, all: readonly ServedParticipant[]): ServedParticipant {
  const moments = [stay.join_time, stay.leave_time].filter(moment => moment !== null)
  const isWithin = ({ join_time, leave_time }: ServedParticipant) =>
    moments.some(moment => (join_time ?? '') <= moment && moment <= (leave_time ?? '9'))
  const found = all.find(one => nativeIdOf(one) === nativeIdOf(stay) && isWithin(one))
  assert.ok(found !== undefined, `Nobody was there like ${JSON.stringify(stay)}`)
  return found
}

/** The fields of a stay that are compared. */
export function comparedStay(stay: ServedParticipant): Compared {
  const { participant_identity, join_time, leave_time, duration_sec, status } = stay
  const { end_reason, error_code, error_code_url, codecs, properties } = stay
  const { kind, display_name, inferred, num_video_tracks, num_audio_tracks } = properties
  return {
    fields: {
      ...{ participant_identity, join_time, leave_time, duration_sec, end_reason, error_code },
      ...{ codecs, kind, display_name, num_video_tracks, num_audio_tracks },
      ...(leave_time === null ? {} : { status }),
      // It follows from the code.
      ...(inferred.includes('error_code') ? {} : { error_code_url }),
    },
    inferred,
  }
}

/** The fields of a room that are compared. */
export function comparedRoom(room: ServedRoom): Compared {
  const { room_name, create_time, end_time, duration_sec, end_reason, room_status, codecs } = room
  const { unique_participants, unique_participant_identities, properties } = room
  const { concurrent_participants, total_participant_duration_sec } = room
  return {
    fields: {
      ...{ room_name, create_time, end_time, duration_sec, end_reason, codecs },
      ...{ unique_participants, unique_participant_identities },
      ...{ concurrent_participants, total_participant_duration_sec },
      ...(end_time === null ? {} : { room_status }),
    },
    inferred: properties.inferred,
  }
}

function isPartOf(value: readonly unknown[], whole: unknown): boolean {
  return Array.isArray(whole) && value.every(member => whole.includes(member))
}

function isLess(value: unknown, whole: unknown): boolean {
  return typeof value === 'number' && typeof whole === 'number' && value < whole
}

function nativeIdOf({ properties }: ServedParticipant): string | null {
  return properties.native_participant_sid
}
