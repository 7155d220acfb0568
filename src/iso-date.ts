const RFC_3339 = /^(\d{4}-\d\d-\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/i
const ANY_FORM = /^(\d{4}-\d\d-\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[ +-]\d\d:?\d\d)?)?$/i

/**
 * A moment in RFC 3339 in unix milliseconds; undefined for any other text. Unix time has no leap seconds: 23:59:60 in
 * UTC counts as 23:59:59.
 */
export function momentInRfc3339(text: string): number | undefined {
  return momentOf(RFC_3339.exec(text))
}

/**
 * A moment in any form of ISO 8601 that Twilio's SDKs send, in unix milliseconds: also a day alone, a time without
 * seconds or without a zone, which is UTC, and a plus sign that arrived as a space. Undefined for any other text.
 */
export function momentInIso8601(text: string): number | undefined {
  return momentOf(ANY_FORM.exec(text))
}

function momentOf(parts: RegExpExecArray | null): number | undefined {
  const [, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = parts ?? []
  const offsetMs = offsetOf(zone)
  if (day === undefined || !isCalendarDay(day) || offsetMs === undefined) return undefined
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined
  const isLeap = second === '60'
  const shown = `${day}T${hour}:${minute}:${isLeap ? '59' : second}${fraction.slice(0, 4)}Z`
  const ms = Date.parse(shown) - offsetMs
  // A leap second is the last second of a day in UTC (RFC 3339, 5.7).
  return isLeap && !new Date(ms).toISOString().includes('T23:59:59') ? undefined : ms
}

/** How far a zone like `+02:00` is ahead of UTC, in milliseconds; undefined if there is no such zone. */
function offsetOf(zone: string): number | undefined {
  if (/^z$/i.test(zone)) return 0
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))]
  if (hours > 23 || minutes > 59) return undefined
  return (hours * 60 + minutes) * (zone.startsWith('-') ? -60_000 : 60_000)
}

/** True for a day that the calendar has, like `2026-02-28`. Date.parse alone reads 30 February as 2 March. */
function isCalendarDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(`${day}T`)
}
