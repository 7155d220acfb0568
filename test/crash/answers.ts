import { ask } from '../support/running-server.ts'
import { ACCOUNT_SID, AUTH_TOKEN } from './rollcall-server.ts'

const READERS = 8
const ROOMS = '/v1/Video/Rooms'
const ROOMS_LIST = `${ROOMS}?CreatedAfter=2025-01-01&PageSize=100`

/** The answers about all rooms, by path. The answer of a list is all of its pages. */
export type Answers = ReadonlyMap<string, string>

/** Reads the list of rooms, each room, and the participants of each. Throws if an answer is not 200. */
export async function readAnswers(url: string): Promise<Answers> {
  const list = await readAnswer(url, ROOMS_LIST)
  const sids = new Set([...list.matchAll(/"room_sid":"(RM\w+)"/g)].map(([, sid]) => sid))
  const paths = [...sids].flatMap(sid => [`${ROOMS}/${sid}`, `${ROOMS}/${sid}/Participants?PageSize=20`])
  const answers = new Map([[ROOMS_LIST, list]])
  await readersOf(paths, async path => void answers.set(path, await readAnswer(url, path)))
  return new Map([...answers].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/**
 * Reads all answers again and again until `isOver`, at least once. Reads the list of rooms all the time, so that a room
 * that is missing for a moment is noticed. Resolves to the number of answers. Throws if an answer differs.
 */
export async function holdAnswers(url: string, expected: Answers, isOver: () => boolean): Promise<number> {
  let read = 0
  const hold = async (path: string) => {
    const answer = await readAnswer(url, path)
    if (answer !== expected.get(path)) throw new Error(difference(path, expected.get(path) ?? '', answer))
    read++
  }
  const holdList = async () => {
    while (!isOver()) await hold(ROOMS_LIST)
  }
  const holdAll = async () => {
    do await readersOf([...expected.keys()], hold)
    while (!isOver())
  }
  await Promise.all([holdList(), holdAll()])
  return read
}

/** The first difference between two sets of answers; undefined if there is none. */
export function differenceOf(expected: Answers, got: Answers): string | undefined {
  for (const path of new Set([...expected.keys(), ...got.keys()])) {
    const [one = 'nothing', other = 'nothing'] = [expected.get(path), got.get(path)]
    if (one !== other) return difference(path, one, other)
  }
  return undefined
}

async function readAnswer(url: string, path: string): Promise<string> {
  const pages: string[] = []
  for (let next: string | null = path; next !== null; ) {
    const { status, text } = await ask(url, next, ACCOUNT_SID, AUTH_TOKEN)
    if (status !== 200) throw new Error(`${next} is answered ${status}: ${text}`)
    // A page token contains the time of the first page, which differs. The next page shows that its place is right.
    pages.push(text.replaceAll(/PageToken=[^"&]+/g, 'PageToken=…'))
    next = nextPageOf(text)
  }
  return pages.join('\n')
}

function nextPageOf(text: string): string | null {
  const { meta }: { meta?: { next_page_url: string | null } } = JSON.parse(text)
  if (typeof meta?.next_page_url !== 'string') return null
  const { pathname, search } = new URL(meta.next_page_url)
  return pathname + search
}

async function readersOf(paths: readonly string[], read: (path: string) => Promise<void>): Promise<void> {
  const waiting = paths.values()
  const reader = async () => {
    for (const path of waiting) await read(path)
  }
  await Promise.all(Array.from({ length: READERS }, reader))
}

function difference(path: string, expected: string, got: string): string {
  let at = 0
  while (at < expected.length && expected[at] === got[at]) at++
  const excerpt = (text: string) => text.slice(Math.max(at - 40, 0), at + 80)
  return `${path} differs: …${excerpt(expected)}… was expected, …${excerpt(got)}… was answered`
}
