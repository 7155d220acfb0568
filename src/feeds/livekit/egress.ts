import { countOf, idOf, type Json, objectOf, omitUndefined } from '../json.ts'
import { field } from './protojson.ts'

/** The recording in an EgressInfo; undefined for an egress that only streams, and for one without an id. */
export function recordingOf(info: Json | undefined): { key: string; durationSec?: number } | undefined {
  const key = idOf(info && field(info, 'egressId'))
  if (info === undefined || key === undefined || !recordsToFile(info)) return undefined
  return omitUndefined({ key, durationSec: durationSecOf(info) })
}

/** An egress records if files or segments are asked for, in the EgressInfo or in the request within it. */
function recordsToFile(info: Json): boolean {
  const requests = Object.values(info)
    .map(objectOf)
    .filter(value => value !== undefined)
  const names = [info, ...requests].flatMap(object => Object.keys(object))
  return names.some(name => /^(file|segment)/i.test(name))
}

/** `startedAt` and `endedAt` of an egress are in nanoseconds. */
function durationSecOf(info: Json): number | undefined {
  const startedAt = String(field(info, 'startedAt') ?? '')
  const endedAt = String(field(info, 'endedAt') ?? '')
  if (!/^\d{1,20}$/.test(startedAt) || !/^\d{1,20}$/.test(endedAt)) return undefined
  return countOf(Number((BigInt(endedAt) - BigInt(startedAt)) / 1_000_000_000n))
}
