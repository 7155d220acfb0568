/** True for a day that the calendar has, like `2026-02-28`. Date.parse alone reads 30 February as 2 March. */
export function isCalendarDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(`${day}T`)
}
