const BAR_CHARS = 20
const REDRAW_EVERY_MS = 100
const LINE_EVERY_MS = 5_000
const CLEAR_LINE = '\r\x1b[K'

/** Where a bar is drawn: the members of a stream that it needs. */
interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/**
 * Shows how far a long task is: on a terminal as one line that is redrawn, elsewhere as a new line every few seconds.
 * `end` moves the cursor of a terminal to the next line.
 */
export function progressBar(unit: string, out: Output = process.stderr, nowMs = () => performance.now()) {
  const startMs = nowMs()
  const isTerminal = out.isTTY === true
  let shownMs = isTerminal ? Number.NEGATIVE_INFINITY : startMs
  let isDrawn = false
  return {
    show(done: number, all: number): void {
      const isDue = nowMs() - shownMs >= (isTerminal ? REDRAW_EVERY_MS : LINE_EVERY_MS)
      if (!isDue && !(isTerminal && done === all)) return
      shownMs = nowMs()
      isDrawn = isTerminal
      const line = lineOf(done, all, unit, (shownMs - startMs) / 1000)
      out.write(isTerminal ? CLEAR_LINE + line.slice(0, (out.columns || 80) - 1) : `${line}\n`)
    },
    end(): void {
      if (isDrawn) out.write('\n')
      isDrawn = false
    },
  }
}

function lineOf(done: number, all: number, unit: string, sec: number): string {
  const part = all === 0 ? 1 : done / all
  const bar = '#'.repeat(Math.floor(part * BAR_CHARS)).padEnd(BAR_CHARS)
  const leftSec = done === 0 ? 0 : Math.ceil((sec * (all - done)) / done)
  const left = `${Math.floor(leftSec / 60)}:${String(leftSec % 60).padStart(2, '0')} left`
  const rate = `${Math.round(done / Math.max(sec, 0.001))}/s`
  return `[${bar}] ${Math.floor(part * 100)} %  ${done} of ${all} ${unit}, ${rate}, ${left}`
}
