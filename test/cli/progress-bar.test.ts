import assert from 'node:assert/strict'
import { test } from 'node:test'
import { progressBar } from '../../src/cli/progress-bar.ts'

/** The texts that are written for a task that is this far at these moments. */
function written(out: { isTTY: boolean; columns?: number }, told: readonly [atMs: number, done: number][]) {
  const texts: string[] = []
  let nowMs = 0
  const bar = progressBar('rows', { ...out, write: text => texts.push(text) }, () => nowMs)
  for (const [atMs, done] of told) {
    nowMs = atMs
    bar.show(done, 4000)
  }
  bar.end()
  bar.end()
  return texts
}

test('on a terminal one line is redrawn, ten times a second at most, and at the end', () => {
  const told: [number, number][] = [
    [0, 0],
    [50, 100],
    [2000, 1000],
    [2010, 4000],
  ]
  assert.deepEqual(written({ isTTY: true, columns: 90 }, told), [
    '\r\x1b[K[                    ] 0 %  0 of 4000 rows, 0/s, 0:00 left',
    '\r\x1b[K[#####               ] 25 %  1000 of 4000 rows, 500/s, 0:06 left',
    '\r\x1b[K[####################] 100 %  4000 of 4000 rows, 1990/s, 0:00 left',
    '\n',
  ])
})

test('a line is never wider than the terminal, which would wrap it', () => {
  assert.deepEqual(written({ isTTY: true, columns: 10 }, [[2000, 1000]]), ['\r\x1b[K[#####   ', '\n'])
})

test('without a terminal a line is written every few seconds, and none for a shorter task', () => {
  const told: [number, number][] = [
    [1000, 10],
    [100_000, 1000],
    [100_500, 1100],
    [101_000, 4000],
  ]
  assert.deepEqual(written({ isTTY: false }, told), [
    '[#####               ] 25 %  1000 of 4000 rows, 10/s, 5:00 left\n',
  ])
})
