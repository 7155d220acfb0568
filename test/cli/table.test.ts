import assert from 'node:assert/strict'
import { test } from 'node:test'
import { table } from '../../src/cli/table.ts'

test('columns are as wide as their widest cell', () => {
  assert.deepEqual(table(['A', 'B'], [['long', 'x']]), ['A     B', 'long  x'])
})

test('a control character that a stranger sent is shown, not obeyed', () => {
  const [, row] = table(['WHAT'], [['\u001b[2J\nforged 200']])
  assert.equal(row, '\\u{1b}[2J\\u{a}forged 200')
})
