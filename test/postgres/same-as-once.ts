import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { differenceOf, readAnswers } from '../crash/answers.ts'
import { temporaryFolder } from '../support/program.ts'
import { type Letter, send } from './letters.ts'
import { addFeeds, serveOver } from './serve-over.ts'

/** Asserts that the server answers as a server over SQLite that received each letter once, those of a list in order. */
export async function assertSameAsOnce(
  t: TestContext,
  url: string,
  lists: readonly (readonly Letter[])[],
): Promise<void> {
  const folder = await temporaryFolder(t)
  await addFeeds(folder)
  const reference = await serveOver(t, folder)
  const tell = async (letters: readonly Letter[]) => {
    for (const letter of letters) assert.equal((await send(reference.url, letter))?.status, 200)
  }
  await Promise.all(lists.map(tell))
  const expected = await readAnswers(reference.url)
  t.diagnostic(`${lists.flat().length} deliveries, ${expected.size} answers`)
  assert.equal(differenceOf(expected, await readAnswers(url)), undefined)
}
