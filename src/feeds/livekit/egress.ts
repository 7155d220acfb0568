import type { Event } from '../../event.ts'
import { countOf, idOf, intOf, type Json, objectsIn, omitUndefined, textOf } from '../json.ts'
import { field } from './protojson.ts'

type RecordingFacts = Extract<Event, { kind: 'recording.ended' }>['recording']

/** Outputs that record, by the beginnings of the names of their requests and results. */
const RECORDING = /^(?:file|segment)/i
/** Outputs that do not: streams and still images. */
const OTHER_OUTPUT = /^(?:stream|image|websocket)/i

/** The recording that an EgressInfo begins; undefined if it asks for no file and no segments, or has no id. */
export function begunRecording(info: Json | undefined): RecordingFacts | undefined {
  const key = idOf(info && field(info, 'egressId'))
  if (info === undefined || key === undefined) return undefined
  return outputsOf(info).some(name => RECORDING.test(name)) ? { key } : undefined
}

/**
 * The recording that ended with an EgressInfo. `durationSec` is 0 if nothing was recorded, as by an egress that only
 * streams, and undefined if the length is not stated. Undefined if the outputs are not stated, or there is no id.
 */
export function endedRecording(info: Json | undefined): RecordingFacts | undefined {
  const key = idOf(info && field(info, 'egressId'))
  if (info === undefined || key === undefined) return undefined
  const outputs = outputsOf(info)
  if (outputs.some(name => RECORDING.test(name))) {
    return omitUndefined({ key, durationSec: recordedSec(info) })
  }
  return outputs.some(name => OTHER_OUTPUT.test(name)) ? { key, durationSec: 0 } : undefined
}

/** The names of the outputs: in the EgressInfo, in the request within it, and in the `outputs` of that request. */
function outputsOf(info: Json): string[] {
  const requests = objectsIn(Object.values(info))
  const outputs = requests.flatMap(request => objectsIn(request['outputs']))
  return [info, ...requests, ...outputs].flatMap(object => Object.keys(object))
}

/**
 * The length of the longest result: one egress writes the same time to each of its outputs. A failed or aborted egress
 * lists results that it did not store, which do not count.
 * Source: livekit/egress `pkg/pipeline/controller.go` and `pkg/pipeline/sink/`.
 */
function recordedSec(info: Json): number | undefined {
  const areAllStored = storesAll(field(info, 'status'))
  const results = resultsOf(info).filter(result => areAllStored || isStored(result))
  if (results.length === 0) return areAllStored ? undefined : 0
  const lengths = results.flatMap(result => lengthSecOf(result) ?? [])
  return lengths.length === 0 ? undefined : Math.max(...lengths)
}

/** The values of `livekit_egress.proto` EgressStatus. Each stands at the index that is its number. */
const STATUSES = [
  ...['EGRESS_STARTING', 'EGRESS_ACTIVE', 'EGRESS_ENDING', 'EGRESS_COMPLETE'],
  ...['EGRESS_FAILED', 'EGRESS_ABORTED', 'EGRESS_LIMIT_REACHED'],
]

/** True for a status with which every result is stored. It may be a name or a number. */
function storesAll(status: unknown): boolean {
  const name = typeof status === 'number' ? STATUSES[status] : status
  return name === 'EGRESS_COMPLETE' || name === 'EGRESS_LIMIT_REACHED'
}

/** The FileInfos and SegmentsInfos. `file` and `segments` are the members of servers before 2023. */
function resultsOf(info: Json): Json[] {
  const lists = ['fileResults', 'segmentResults'].flatMap(name => objectsIn(field(info, name)))
  return [...lists, ...objectsIn([info['file'], info['segments']])]
}

/** True if a result says where it was stored, or how much of it. */
function isStored(result: Json): boolean {
  const places = ['location', 'playlistLocation', 'livePlaylistLocation']
  const amounts = ['size', 'segmentCount']
  return (
    places.some(name => textOf(field(result, name)) !== undefined) ||
    amounts.some(name => (intOf(field(result, name)) ?? 0) > 0)
  )
}

/** Whole seconds. Like Twilio, a recording of less than a second counts as one second. */
function lengthSecOf(result: Json): number | undefined {
  const nanos =
    nanosIn(result, 'duration') ?? difference(nanosIn(result, 'endedAt'), nanosIn(result, 'startedAt'))
  if (nanos === undefined || nanos < 0n) return undefined
  return nanos === 0n ? 0 : countOf(Math.max(1, Number(nanos / 1_000_000_000n)))
}

/** `duration`, `startedAt` and `endedAt` are in nanoseconds. */
function nanosIn(result: Json, name: string): bigint | undefined {
  const text = String(field(result, name) ?? '')
  return /^\d{1,20}$/.test(text) ? BigInt(text) : undefined
}

function difference(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  return a === undefined || b === undefined ? undefined : a - b
}
