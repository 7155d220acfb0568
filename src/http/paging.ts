import { createHash } from 'node:crypto'
import Type from 'typebox'
import { Value } from 'typebox/value'
import type { Page, Position } from '../store/rooms/select-page.ts'
import { wellFormed } from '../well-formed.ts'
import { ApiError } from './errors.ts'
import { integer, type Parameters, text } from './query.ts'

export const MAX_PAGE_SIZE = 1_000
const DEFAULT_PAGE_SIZE = 50
const CHECKSUM_CHARS = 16

/** The query parameters of every list. */
export const pageParameters = {
  PageSize: integer({
    minimum: 1,
    // Five of Twilio's SDKs send list(limit: 5000) as PageSize=5000, and go on if meta.page_size is less. So there is
    // no maximum: a client that is generated from the document would refuse to send it.
    clamp: MAX_PAGE_SIZE,
    description: `How many resources to return in each page, ${DEFAULT_PAGE_SIZE} by default; more than ${MAX_PAGE_SIZE} is served as ${MAX_PAGE_SIZE}.`,
  }),
  Page: integer({
    minimum: 0,
    description: 'The page index. It is only repeated in the answer: PageToken determines the page.',
  }),
  PageToken: text({ description: 'The place of a page, from next_page_url or previous_page_url. Opaque.' }),
} satisfies Parameters

const PageUrl = Type.String({ format: 'uri' })

/** The `meta` of every list. Twilio's SDKs need all seven keys. */
export const Meta = Type.Object({
  key: Type.String({ description: 'The name of the array in this body' }),
  url: PageUrl,
  page: Type.Integer({ minimum: 0 }),
  page_size: Type.Integer({ minimum: 1, maximum: MAX_PAGE_SIZE, description: 'The page size that is used' }),
  first_page_url: PageUrl,
  next_page_url: Type.Union([PageUrl, Type.Null()]),
  previous_page_url: Type.Union([PageUrl, Type.Null()]),
})

export type Meta = Type.Static<typeof Meta>

/** What a page token holds: the place of the page, and when the first page was asked for, in unix milliseconds. */
export interface PageToken {
  readonly direction: 'after' | 'before'
  readonly position: Position
  readonly firstPageMs: number
}

const Moment = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const TokenBody = Type.Tuple([Type.Enum(['after', 'before']), Moment, Type.String(), Moment])

/** A request for a page of a list. */
export interface ListRequest {
  /** The name of the array in the body. */
  readonly key: string
  /** Absolute, without a query. */
  readonly url: string
  /** What page tokens are bound to: account, path and filters. */
  readonly binding: string
  /** The filters as they were given. */
  readonly filters: readonly (readonly [name: string, value: string])[]
  readonly pageSize: number
  readonly page: number
  readonly token: PageToken | undefined
  readonly firstPageMs: number
}

/**
 * The page that a query asks for. Throws ApiError `invalidPageToken` for a token that is broken or belongs to another
 * list, and `invalidParameter` for a page number without a token.
 */
export function listRequest(options: {
  key: string
  accountSid: string
  baseUrl: string
  path: string
  filters: ListRequest['filters']
  query: { PageSize: number | undefined; Page: number | undefined; PageToken: string | undefined }
  nowMs: number
}): ListRequest {
  const { key, accountSid, baseUrl, path, filters, query, nowMs } = options
  const binding = JSON.stringify([accountSid, path, filters])
  const token = query.PageToken === undefined ? undefined : decodeToken(query.PageToken, binding)
  const page = query.Page ?? 0
  if (page > 0 && token === undefined) {
    throw new ApiError('invalidParameter', 'Invalid parameter Page: PageToken is required for paging.')
  }
  return {
    key,
    url: baseUrl + path,
    binding,
    filters,
    pageSize: query.PageSize ?? DEFAULT_PAGE_SIZE,
    page,
    token,
    firstPageMs: token?.firstPageMs ?? nowMs,
  }
}

/** The rows to read: one row more than is shown, which tells whether there is another page. */
export function pageOf({ token, pageSize }: ListRequest): Page {
  const limit = pageSize + 1
  return token === undefined ? { limit } : { limit, [token.direction]: token.position }
}

/** The list's body as JSON; `render` gives the JSON of one row. */
export function listBody<Row extends Position>(
  list: ListRequest,
  rows: readonly Row[],
  render: (row: Row) => string,
): string {
  const backwards = list.token?.direction === 'before'
  const hasMore = rows.length > list.pageSize
  const shown = !hasMore ? rows : backwards ? rows.slice(1) : rows.slice(0, list.pageSize)
  const first = shown[0]
  const last = shown.at(-1)
  const hasNext = backwards || hasMore
  const hasPrevious = backwards ? hasMore : list.token !== undefined
  const meta: Meta = {
    key: list.key,
    url: pageUrl(list, list.page, list.token),
    page: list.page,
    page_size: list.pageSize,
    first_page_url: pageUrl(list, 0, undefined),
    next_page_url: hasNext && last ? pageUrl(list, list.page + 1, tokenAt(list, 'after', last)) : null,
    previous_page_url:
      hasPrevious && first ? pageUrl(list, Math.max(list.page - 1, 0), tokenAt(list, 'before', first)) : null,
  }
  return `{"meta":${JSON.stringify(meta)},"${list.key}":[${shown.map(render).join(',')}]}`
}

function tokenAt(list: ListRequest, direction: PageToken['direction'], { ms, sid }: Position): PageToken {
  return { direction, position: { ms, sid }, firstPageMs: list.firstPageMs }
}

function pageUrl(list: ListRequest, page: number, token: PageToken | undefined): string {
  const pairs = [
    ...list.filters,
    ['PageSize', String(list.pageSize)] as const,
    ['Page', String(page)] as const,
  ]
  if (token !== undefined) pairs.push(['PageToken', encodeToken(token, list.binding)])
  return `${list.url}?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`
}

function encodeToken({ direction, position, firstPageMs }: PageToken, binding: string): string {
  const body = Buffer.from(JSON.stringify([direction, position.ms, position.sid, firstPageMs])).toString(
    'base64url',
  )
  return checksum(body, binding) + body
}

/** The checksum binds a token to its list. It needs no secret key: a forged token can read only the caller's own list. */
function decodeToken(token: string, binding: string): PageToken {
  const body = token.slice(CHECKSUM_CHARS)
  if (token.slice(0, CHECKSUM_CHARS) !== checksum(body, binding)) throw new ApiError('invalidPageToken')
  try {
    const [direction, ms, sid, firstPageMs] = Value.Parse(
      TokenBody,
      JSON.parse(Buffer.from(body, 'base64url').toString('utf8')),
    )
    // PostgreSQL cannot store some texts, such as NUL; no token of ours holds one.
    if (wellFormed(sid) !== sid) throw new ApiError('invalidPageToken')
    return { direction, position: { ms, sid }, firstPageMs }
  } catch {
    throw new ApiError('invalidPageToken')
  }
}

function checksum(body: string, binding: string): string {
  return createHash('sha256').update(`${binding}\0${body}`).digest('base64url').slice(0, CHECKSUM_CHARS)
}
