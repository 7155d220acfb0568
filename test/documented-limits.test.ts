import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { LIMITS } from '../src/http/limits.ts'
import { readDocument, rowsUnder } from './support/markdown.ts'

const MIB = 1024 * 1024

test('docs/operations.md states every limit of the server', () => {
  const document = readDocument(join(import.meta.dirname, '../docs/operations.md'))
  const stated = rowsUnder(document, ['what', 'limit', 'beyond it']).map(([, limit = '']) => limit)
  const expected: Record<keyof typeof LIMITS, string> = {
    waitingRequests: String(LIMITS.waitingRequests),
    requestTimeoutMs: `${LIMITS.requestTimeoutMs / 1000} seconds, checked`,
    checkEveryMs: LIMITS.checkEveryMs === 1_000 ? 'checked once a second' : 'another time',
    idleTimeoutMs: `${LIMITS.idleTimeoutMs / 1000} seconds without progress`,
    bytesInFlight: `together ${LIMITS.bytesInFlight / MIB} MiB`,
    pingEveryMs: `every ${LIMITS.pingEveryMs / 1000} seconds`,
    wrongByAddress: String(LIMITS.wrongByAddress),
    wrongByUser: LIMITS.wrongByUser.toLocaleString('en-US'),
  }
  for (const [limit, text] of Object.entries(expected)) {
    assert.ok(
      stated.some(cell => cell.includes(text)),
      `${limit}: ${text}`,
    )
  }
})
