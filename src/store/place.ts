import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** Where a database is. */
export type Place =
  | { readonly engine: 'postgres'; readonly url: string }
  | { readonly engine: 'sqlite'; readonly file: string }

const FILE_NAME = 'rollcall.db'
/** A drive letter is no scheme. */
const SCHEME = /^([a-z][a-z\d+.-]+):/i

/**
 * The place that a text names: a `postgres:` URL, a folder (for the file `rollcall.db` in it), a path that ends in
 * `.db`, or a `file:` URL of either. Looks at nothing outside. Throws an error whose message says what is expected, as
 * the rest of a sentence, and holds no part of the text except its scheme.
 */
export function placeOf(text: string): Place {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase()
  switch (scheme) {
    case 'postgres':
    case 'postgresql':
      return { engine: 'postgres', url: postgresUrl(text) }
    case 'file':
      return { engine: 'sqlite', file: fileIn(pathOfUrl(text)) }
    case undefined:
      return { engine: 'sqlite', file: fileIn(text) }
    default:
      throw new Error(
        `there is no store for ${scheme}: URLs; a postgres: URL, a folder, a path ending in .db, or a file: URL is expected`,
      )
  }
}

/** Refuses what would be read as another host, port or database than its writer meant. */
function postgresUrl(text: string): string {
  const url = /^[a-z]+:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined
  const { username = '', password = '', hostname = '', pathname = '', searchParams } = url ?? {}
  const port = searchParams?.get('port') ?? '1'
  const isPlain =
    !text.includes('#') &&
    [username, password, hostname, pathname].every(isDecodable) &&
    !pathname.includes('@') &&
    [...(searchParams?.keys() ?? [])].every(name => /^\w+$/.test(name)) &&
    /^\d{1,5}$/.test(port) &&
    Number(port) <= 65_535
  if (url === undefined || !isPlain) {
    throw new Error(
      'a URL like postgres://user@host/database is expected, in whose password # is written %23, % %25, / %2F, ? %3F and @ %40',
    )
  }
  return text
}

function isDecodable(part: string): boolean {
  try {
    return !decodeURIComponent(part).includes('\0')
  } catch {
    return false
  }
}

function pathOfUrl(text: string): string {
  try {
    const url = new URL(text, pathToFileURL('./'))
    const path = fileURLToPath(url)
    if (url.search === '' && url.hash === '') return path
  } catch {}
  throw new Error('a file: URL like file:///var/lib/rollcall/rollcall.db is expected')
}

function fileIn(path: string): string {
  if (path.includes('\0')) throw new Error('a path is expected')
  return path.endsWith('.db') ? path : join(path, FILE_NAME)
}
