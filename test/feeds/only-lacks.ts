import assert from 'node:assert/strict'
import type { ServedParticipant, ServedRoom } from './served.ts'

/** Fields that follow from another field, and are inferred if that field is. */
const FOLLOWS: Readonly<Record<string, string>> = {
  error_code_url: 'error_code',
  status: 'leave_time',
  room_status: 'end_time',
  processing_state: 'end_time',
}
/** Counts, sums and sets, which can only be smaller. `duration_sec` is a difference, and so is not among them. */
const COUNTS = [
  ...['unique_participants', 'unique_participant_identities', 'concurrent_participants'],
  ...['total_participant_duration_sec', 'total_recording_duration_sec'],
  ...['num_audio_tracks', 'num_video_tracks', 'num_data_tracks'],
]
const SETS = ['codecs']
/** Fields that depend on the request, and the list of inferred fields. */
const APART = ['url', 'links', 'inferred', 'participant_sid', 'room_sid', 'native_participant_sid']

type Served = ServedParticipant | ServedRoom

/**
 * Asserts that a record with missing events states nothing that the full record does not: each field that differs is
 * null, or is listed as inferred, or is a smaller set or count.
 */
export function assertOnlyLacks(full: Served, partial: Served, where: string): void {
  const { inferred } = partial.properties
  const isOpen = ('leave_time' in partial ? partial.leave_time : partial.end_time) === null
  const fullOf = flattened(full)
  for (const [name, value] of flattened(partial)) {
    const expected = fullOf.get(name)
    if (JSON.stringify(value) === JSON.stringify(expected) || APART.includes(name)) continue
    const message = `${where}: ${name} is ${JSON.stringify(value)}, not ${JSON.stringify(expected)} (${inferred})`
    if (value === null || inferred.includes(FOLLOWS[name] ?? name)) continue
    if (name in FOLLOWS && value === 'in_progress' && isOpen) continue
    if (COUNTS.includes(name)) assert.ok(Number(value) <= Number(expected), message)
    else if (SETS.includes(name)) assert.ok(isSubset(value, expected), message)
    else if (isEmpty(value)) continue
    else assert.fail(message)
  }
}

function flattened({ properties, ...record }: Served): Map<string, unknown> {
  const own = Object.entries(properties).map(([name, value]) => [
    name === 'codecs' ? 'properties.codecs' : name,
    value,
  ])
  return new Map([...Object.entries(record), ...(own as [string, unknown][])]) // names and their values
}

function isSubset(part: unknown, whole: unknown): boolean {
  return Array.isArray(part) && Array.isArray(whole) && part.every(member => whole.includes(member))
}

/** An empty object or array is smaller than any other. */
function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
