import { createHash } from 'node:crypto'

/** An entry of a PostgreSQL B-tree holds at most 2704 bytes for all columns (PostgreSQL documentation, 67.1). */
const MAX_BYTES = 2_000
const KEPT_CHARS = 256

/**
 * The form in which a text is stored in a column that has an index: the text itself, or the beginning and a digest of a
 * text that is too long for an index. Equal texts have equal forms.
 */
export function indexable(text: string): string {
  if (Buffer.byteLength(text) <= MAX_BYTES) return text
  const digest = createHash('sha256').update(text).digest('hex')
  return `${text.slice(0, KEPT_CHARS).toWellFormed()}~${digest}`
}
