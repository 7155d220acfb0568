import Type from 'typebox'
import type { Page, Position } from '../store/rooms/select-page.ts'
import { ApiError } from './errors.ts'
import type { ApiContext, ApiRequest, Operation } from './operation.ts'
import { listBody, listRequest, Meta, pageOf, pageParameters } from './paging.ts'
import { type Parameters, type Parsed, parseQuery, type RawQuery, textsGiven } from './query.ts'

/**
 * What is special about a list. `Owner` is what the list belongs to, such as a room; `Row` is one entry as the store
 * gives it.
 */
export interface ListOf<Owner, Filters extends Parameters, Row extends Position> {
  readonly id: string
  readonly tag: string
  /** With `{Name}` for a path parameter. */
  readonly path: string
  readonly summary: string
  readonly description: string
  /** The name of the array in the body. */
  readonly key: string
  /** The schema of one entry. */
  readonly item: Type.TSchema
  /** The query parameters, besides those of paging. */
  readonly filters: Filters
  /** Whose list the path names. Throws ApiError `notFound` if there cannot be one. */
  owner(request: ApiRequest, context: ApiContext): Owner | Promise<Owner>
  /** The path of the owner's list, with SIDs, however the request names them. */
  pathOf(owner: Owner): string
  /** The entries of a page, in order. */
  page(context: ApiContext, owner: Owner, filters: Parsed<Filters>, page: ListPage): Promise<readonly Row[]>
  /** Whether the owner exists; called if a page is empty. Without it every owner exists. */
  isKnown?(context: ApiContext, owner: Owner): Promise<boolean>
  /** Makes the function that gives an entry's JSON; `url` is that of the list, without a query. */
  render(url: string, owner: Owner): (row: Row) => string
}

/** The page to read, and when its list's first page was asked for, in unix milliseconds. */
export interface ListPage extends Page {
  readonly firstPageMs: number
}

/**
 * The operation that serves a list in Twilio's form: an array and `meta`, page by page. It answers 400 for a query or a
 * page token that cannot be read, and then 404 for an owner that is not there.
 */
export function list<Owner, Filters extends Parameters, Row extends Position>(
  resource: ListOf<Owner, Filters, Row>,
): Operation {
  const { id, tag, path, summary, description, key, item, filters } = resource
  return {
    ...{ id, tag, method: 'GET', path, summary, description },
    parameters: { ...filters, ...pageParameters },
    response: Type.Object({ meta: Meta, [key]: Type.Array(item) }),

    async run(context, request) {
      const { accountSid, baseUrl } = request
      const filter = parseQuery(filters, request.query)
      const query = parseQuery(pageParameters, request.query)
      const owner = await resource.owner(request, context)
      const asked = listRequest({
        ...{ key, accountSid, baseUrl, path: resource.pathOf(owner), query },
        filters: filtersGiven(filters, request.query),
        nowMs: context.clock(),
      })
      const page = { ...pageOf(asked), firstPageMs: asked.firstPageMs }
      const rows = await resource.page(context, owner, filter, page)
      if (rows.length === 0 && (await resource.isKnown?.(context, owner)) === false) {
        throw new ApiError('notFound')
      }
      return listBody(asked, rows, resource.render(asked.url, owner))
    },
  }
}

/** The filters as they were given: name after name in the order of the table. Page tokens are bound to them. */
function filtersGiven(filters: Parameters, query: RawQuery): (readonly [string, string])[] {
  return Object.keys(filters).flatMap(name => textsGiven(name, query).map(value => [name, value] as const))
}
