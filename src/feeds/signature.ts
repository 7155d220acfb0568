import { timingSafeEqual } from 'node:crypto'

/** True if both hold the same bytes. The comparison takes the same time wherever they differ. */
export function isSame(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected)
}
