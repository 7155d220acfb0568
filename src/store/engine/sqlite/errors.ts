import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { NeedsRepairError, StoreUnavailableError } from '../database.ts'

/** Another connection writes (sqlite.org/rescode.html). */
const BUSY = 5
const CORRUPT = 11
const FULL = 13
const NOT_A_DATABASE = 26
/** These come instead of FULL if a file beside the database cannot grow or be made. */
const MAY_MEAN_FULL = [10, 14]
/** A delivery and its pages in the log need less. */
const LEAST_FREE_BYTES = 64 * 1024

/** Why the database cannot be used, as the rest of a sentence. Any other error concerns only its statement. */
const CAUSES: Readonly<Record<number, string>> = {
  [BUSY]: 'another process has locked the file for too long',
  6: 'another connection has locked a table for too long',
  7: 'there is not enough memory',
  8: 'the file or its folder is read-only',
  10: 'the disk reports an error',
  [CORRUPT]: 'the file is damaged',
  [FULL]: 'the disk is full',
  14: 'the file, or one beside it, cannot be opened',
  [NOT_A_DATABASE]: 'the file is not a SQLite database, or its beginning is damaged',
}

const DAMAGED =
  'The database file is damaged, and nothing is stored in it any more: restore a backup, or recover what is left, as docs/operations.md says.'

/** True if the database cannot be used now. */
export function cannotUse(error: unknown): boolean {
  return CAUSES[resultCode(error)] !== undefined
}

/** True if another process has locked the file at this moment. */
export function isBusy(error: unknown): boolean {
  return resultCode(error) === BUSY
}

/** True if the file does not hold what SQLite wrote. */
export function isDamage(error: unknown): boolean {
  return [CORRUPT, NOT_A_DATABASE].includes(resultCode(error))
}

/** The error of a file that is damaged. */
export function damaged(cause: unknown): StoreUnavailableError {
  return new NeedsRepairError(DAMAGED, { cause })
}

/** The error of a file that cannot be opened, read or written now; the message is a sentence that says why. */
export function unavailable(what: 'opened' | 'read' | 'written', error: unknown, file: string) {
  if (error instanceof StoreUnavailableError) return error
  const cause = causeOf(error, file)
  const sentence =
    what === 'opened'
      ? `${cause.charAt(0).toUpperCase()}${cause.slice(1)}.`
      : `The database cannot be ${what} now: ${cause}.`
  return new StoreUnavailableError(sentence, { cause: error })
}

function causeOf(error: unknown, file: string): string {
  const code = resultCode(error)
  const cause = MAY_MEAN_FULL.includes(code) && isFull(file) ? CAUSES[FULL] : CAUSES[code]
  if (cause === undefined) return error instanceof Error ? error.message : String(error)
  return `${cause} (SQLite code ${extendedCode(error)})`
}

function isFull(file: string): boolean {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(dirname(file))
    return bavail * bsize < LEAST_FREE_BYTES || (files > 0 && ffree === 0)
  } catch {
    return false
  }
}

/** The primary result code; 0 for an error that is not SQLite's. */
function resultCode(error: unknown): number {
  return extendedCode(error) & 0xff
}

function extendedCode(error: unknown): number {
  const isOfEngine = error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
  return isOfEngine ? Number(error.errcode) : 0
}
