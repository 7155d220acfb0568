import { timingSafeEqual } from 'node:crypto'

/** True if both are the same bytes; the time it takes tells nothing of where they differ. */
export function isSame(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected)
}
