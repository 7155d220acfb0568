/** True for a day of the calendar, as `2026-02-28`; Date.parse takes 30 February for 2 March. */
export function isCalendarDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(`${day}T`)
}
