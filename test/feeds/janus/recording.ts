import { readFileSync } from 'node:fs'

/**
 * Every event of one run of Janus 1.1.2 (Debian) with headless Chromium on one lab machine, a line each, as sampleevh
 * sent them, groups taken apart. The addresses are of a network namespace of their own.
 */
export const recording: readonly string[] = readFileSync(
  new URL('./recording.jsonl', import.meta.url),
  'utf8',
)
  .trimEnd()
  .split('\n')

/** Before a room that is empty at the end of the recording counts as over. */
export const AFTER_RECORDING_MS = Date.UTC(2026, 10, 22, 22, 23, 20)

/** When the last room of the recording has been empty for long enough. */
export const LONG_AFTER_RECORDING_MS = Date.UTC(2026, 10, 22, 22, 23, 43)
