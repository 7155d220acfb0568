/** One fact that the test saw, and what the record says about it. */
export interface Fact {
  subject: string
  name: string
  expected: string
  got: string
  ok: boolean
}

/** Makes facts about one room or one stay. */
export function factsAbout(subject: string) {
  return {
    same(name: string, expected: unknown, got: unknown): Fact {
      const ok = JSON.stringify(expected) === JSON.stringify(got)
      return { subject, name, expected: shown(expected), got: shown(got), ok }
    },
    /** Compares whole seconds, because the record shows no more. */
    moment(name: string, expectedMs: number, got: Date | null, toleranceSec: number): Fact {
      const offSec = got ? Math.abs(Math.floor(expectedMs / 1000) - got.getTime() / 1000) : Number.NaN
      return {
        subject,
        name,
        expected: `${clock(expectedMs, 'ms')} ±${toleranceSec} s`,
        got: got ? clock(got.getTime(), 's') : 'null',
        ok: offSec <= toleranceSec,
      }
    },
  }
}

function shown(value: unknown): string {
  return Array.isArray(value) ? value.join(' ') || 'none' : String(value)
}

function clock(ms: number, precision: 's' | 'ms'): string {
  return new Date(ms).toISOString().slice(11, precision === 's' ? 19 : 23)
}
