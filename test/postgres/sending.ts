import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { Scope } from '../support/program.ts'
import { type Letter, send } from './letters.ts'

/** Requests that are repeated until `stop` or the end of the test. After a wrong answer every method throws it. */
export interface Going {
  /** How many requests were answered 200. */
  taken(): number
  /** How many requests were refused as unavailable. */
  refused(): number
  /** The longest time that an answer took. */
  slowestMs(): number
  /** Resolves once the last request is answered. Rejects with a wrong answer. */
  stop(): Promise<void>
}

export interface Sending extends Going {
  /** All letters that were answered 200, in the order in which they were first sent. */
  readonly sent: readonly Letter[]
}

const PACE_MS = 10
const REPEAT_MS = 100

/**
 * Sends letters one after another, and repeats each until it is answered 200, as its vendor does. Any other answer must
 * be the refusal that makes the vendor repeat it: 503 with `Retry-After: 1`, or a cut connection for Janus.
 */
export function keepSending(scope: Scope, url: string, letters: Iterable<Letter>): Sending {
  const sent: Letter[] = []
  const waiting = letters[Symbol.iterator]()
  let letter: Letter | undefined
  const going = keepGoing(scope, async isOver => {
    if (letter === undefined && isOver) return 'over'
    letter ??= waiting.next().value
    if (letter === undefined) return 'over'
    const answer = await send(url, letter)
    if (answer?.status === 200) {
      sent.push(letter)
      letter = undefined
      return 'taken'
    }
    if (letter.path.startsWith('/feeds/janus')) {
      assert.equal(answer, undefined, `Janus takes any answer for success: ${answer?.status}`)
    } else {
      assert.ok(answer !== undefined, `${letter.path} is not answered`)
      assert.deepEqual([answer.status, answer.retryAfter], [503, '1'], answer.text)
      assert.deepEqual(codeOf(answer.text), [503, 20503])
    }
    return 'refused'
  })
  return { ...going, sent }
}

/** GETs a path again and again. The answer must be 200, or, with `mayRefuse`, 503 with the error object. */
export function keepAsking(
  scope: Scope,
  url: string,
  { path, authorization, mayRefuse }: { path: string; authorization: string; mayRefuse: boolean },
): Going {
  return keepGoing(scope, async isOver => {
    if (isOver) return 'over'
    const response = await fetch(url + path, { headers: { authorization } })
    const text = await response.text()
    if (response.status === 200) return 'taken'
    assert.ok(mayRefuse, `${path} is answered ${response.status}`)
    assert.deepEqual(codeOf(text), [503, 20503], path)
    assert.equal(response.headers.get('retry-after'), '1')
    return 'refused'
  })
}

function keepGoing(scope: Scope, once: (isOver: boolean) => Promise<'taken' | 'refused' | 'over'>): Going {
  const counts = { taken: 0, refused: 0, slowestMs: 0 }
  let isOver = false
  let isHalted = false
  let fault: unknown
  async function run(): Promise<void> {
    while (!isHalted) {
      const beganMs = performance.now()
      const outcome = await once(isOver)
      if (outcome === 'over') return
      counts[outcome]++
      counts.slowestMs = Math.max(counts.slowestMs, performance.now() - beganMs)
      await pause(outcome === 'taken' ? PACE_MS : REPEAT_MS)
    }
  }
  const running = run().catch(error => {
    fault = error
  })
  scope.after(async () => {
    isHalted = true
  })
  const soFar = () => {
    if (fault !== undefined) throw fault
    return counts
  }
  return {
    taken: () => soFar().taken,
    refused: () => soFar().refused,
    slowestMs: () => Math.round(soFar().slowestMs),
    async stop() {
      isOver = true
      await running
      soFar()
    },
  }
}

function codeOf(text: string): [unknown, unknown] {
  const { status, code } = JSON.parse(text)
  return [status, code]
}
