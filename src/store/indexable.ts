import { createHash } from 'node:crypto'

/** An entry of PostgreSQL's B-trees holds 2704 bytes at most (its documentation, 67.1), all columns together. */
const MAX_BYTES = 2_000
const KEPT_CHARS = 256

/**
 * The text as it stands in a column that is a key or has an index: itself, or where it is too long for one, its
 * beginning and a digest of the whole. The same for the same text.
 */
export function indexable(text: string): string {
  if (Buffer.byteLength(text) <= MAX_BYTES) return text
  const digest = createHash('sha256').update(text).digest('hex')
  return `${text.slice(0, KEPT_CHARS).toWellFormed()}~${digest}`
}
