import assert from 'node:assert/strict'
import { test } from 'node:test'
import { table } from '../../src/cli/table.ts'

test('columns are as wide as their widest cell', () => {
  assert.deepEqual(table(['A', 'B'], [['long', 'x']]), ['A     B', 'long  x'])
})

test('a control character in a cell is shown as text', () => {
  const [, row] = table(['WHAT'], [['\u001b[2J\nforged 200']])
  assert.equal(row, '\\u{1b}[2J\\u{a}forged 200')
})
