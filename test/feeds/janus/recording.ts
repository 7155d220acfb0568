import { readFileSync } from 'node:fs'

/**
 * Every event of one run of Janus 1.1.2 (Debian) with headless Chromium, one a line, as sampleevh sent them without their
 * groups. The addresses are those of a private network namespace.
 */
export const recording: readonly string[] = readFileSync(
  new URL('./recording.jsonl', import.meta.url),
  'utf8',
)
  .trimEnd()
  .split('\n')

/** A moment after the recording at which its last room, which is empty, may still be joined. */
export const AFTER_RECORDING_MS = Date.UTC(2026, 10, 22, 22, 23, 20)

/** When the last room of the recording has been empty for long enough to be over. */
export const LONG_AFTER_RECORDING_MS = Date.UTC(2026, 10, 22, 22, 23, 43)
