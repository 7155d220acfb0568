import { parseServerUrl } from '../config/addresses.ts'
import type { Feed } from '../feeds/feed.ts'
import { DELIVERIES_KEPT } from '../ingest/delivery-log.ts'
import { feedId } from '../sid.ts'
import type { FeedRow } from '../store/feeds/feeds.ts'
import type { Store } from '../store/store.ts'
import { type Command, CommandError } from './command.ts'
import { chooseAccount } from './default-account.ts'
import { addHelp, rotateHelp, urlOption } from './feed-help.ts'
import { newKeys } from './feed-keys.ts'
import { table } from './table.ts'
import { readStore, withStore } from './with-store.ts'

const settings = ['database'] as const

/** The commands of the group `feed`, over the feeds that there are. */
export function feedCommands(feeds: readonly Feed[]): Command[] {
  return [feedAdd(feeds), feedList(feeds), feedSet(feeds), feedRemove, feedRotate(feeds), feedLog]
}

function feedAdd(feeds: readonly Feed[]): Command {
  const help = addHelp(feeds)
  return {
    name: 'feed add',
    summary: `Add a feed, which is a source of events: ${kindsOf(feeds)}`,
    args: '<KIND>',
    options: {
      account: ['SID', 'The account that owns the rooms; needed only where there are several accounts'],
      ...help.options,
    },
    settings,
    notes: help.notes,
    run: context =>
      withStore(context, async store => {
        const feed = feedOfKind(feeds, context.args[0])
        const { kind } = feed
        const url = urlFor(feeds, feed, context.options['url'])
        const { accountSid } = await chooseAccount(store, context.options['account'])
        const owner = { readLine: context.readLine, accountSid, key: context.options['key'] }
        const { authKey, secret, lines } = await newKeys(feeds, feed, owner)
        const id = feedId(accountSid, kind, authKey)
        // A feed keeps the id that was made of its first key.
        const known = (await store.feeds.find(kind, authKey)) ?? (await findRow(store, id))
        if (known !== undefined) {
          throw new CommandError(
            `That ${kind} feed exists already: rollcall feed rotate ${known.feedId} changes its secret.`,
          )
        }
        const createdAtMs = context.clock()
        await store.feeds.put({ feedId: id, accountSid, kind, authKey, secret, createdAtMs, url })
        context.print(`Feed     ${id}`)
        context.print(`Path     ${feed.path}`)
        if (url !== undefined) context.print(`URL      ${url}`)
        for (const line of lines) context.print(line)
      }),
  }
}

function feedList(feeds: readonly Feed[]): Command {
  return {
    name: 'feed list',
    summary: 'List the feeds, secrets masked',
    args: '',
    options: {},
    settings,
    run: context =>
      readStore(context, async store => {
        const rows = (await store.feeds.list()).map(row => [
          row.feedId,
          row.kind,
          row.accountSid,
          masked(feeds, row),
          new Date(row.createdAtMs).toISOString(),
          row.url ?? '',
        ])
        const heading = ['ID', 'KIND', 'ACCOUNT', 'KEY', 'CREATED', 'URL']
        for (const line of table(heading, rows)) context.print(line)
      }),
  }
}

function feedSet(feeds: readonly Feed[]): Command {
  return {
    name: 'feed set',
    summary: 'Give a feed another media server to read the list of, or none with an empty URL',
    args: '<ID>',
    options: urlOption(feeds),
    settings,
    run: context =>
      withStore(context, async store => {
        const [id = ''] = context.args
        const row = await findRow(store, id)
        if (row === undefined) throw new CommandError(noFeed(id))
        const text = context.options['url']
        if (text === undefined) throw new CommandError('Give the address of the media server with --url.')
        const url = urlFor(feeds, feedOfKind(feeds, row.kind), text)
        await store.feeds.put({ ...row, url })
        context.print(`Feed     ${id}`)
        context.print(`URL      ${url ?? 'none'}`)
      }),
  }
}

const feedRemove: Command = {
  name: 'feed remove',
  summary: 'Remove a feed: its deliveries are refused from then on, and its history stays',
  args: '<ID>',
  options: {},
  settings,
  run: context =>
    withStore(context, async store => {
      const [id = ''] = context.args
      if (!(await store.feeds.remove(id))) throw new CommandError(noFeed(id))
      context.print(`Feed ${id} is removed.`)
    }),
}

function feedRotate(feeds: readonly Feed[]): Command {
  return {
    name: 'feed rotate',
    summary: 'Give a feed a new secret; the old one stops at once, the id and the history stay',
    args: '<ID>',
    settings,
    ...rotateHelp(feeds),
    run: context =>
      withStore(context, async store => {
        const [id = ''] = context.args
        const row = await findRow(store, id)
        if (row === undefined) throw new CommandError(noFeed(id))
        const feed = feedOfKind(feeds, row.kind)
        const { accountSid, feedId } = row
        const key = context.options['key'] ?? (feed.keys.made === 'chosen' ? row.authKey : undefined)
        const owner = { readLine: context.readLine, accountSid, key }
        const { authKey, secret, lines } = await newKeys(feeds, feed, owner)
        const holder = await store.feeds.find(row.kind, authKey)
        if (holder !== undefined && holder.feedId !== feedId) {
          throw new CommandError(`That key is the one of feed ${holder.feedId}.`)
        }
        await store.feeds.put({ ...row, authKey, secret })
        context.print(`Feed     ${feedId}`)
        for (const line of lines) context.print(line)
      }),
  }
}

const feedLog: Command = {
  name: 'feed log',
  summary: `Show the last ${DELIVERIES_KEPT} authentic deliveries and the last ${DELIVERIES_KEPT} others, with the outcome of each`,
  args: '',
  options: {},
  settings,
  run: context =>
    readStore(context, async store => {
      const rows = (await store.deliveries.last(DELIVERIES_KEPT)).map(delivery => [
        new Date(delivery.receivedAtMs).toISOString(),
        delivery.feedKind,
        String(delivery.httpStatus),
        delivery.outcome,
        String(delivery.events),
        String(delivery.duplicates),
        delivery.detail,
      ])
      const heading = ['RECEIVED', 'FEED', 'STATUS', 'OUTCOME', 'NEW', 'DUPLICATE', 'WHAT']
      for (const line of table(heading, rows)) context.print(line)
    }),
}

async function findRow(store: Store, id: string): Promise<FeedRow | undefined> {
  return (await store.feeds.list()).find(row => row.feedId === id)
}

function feedOfKind(feeds: readonly Feed[], kind: string | undefined): Feed {
  const feed = feeds.find(one => one.kind === kind)
  if (feed === undefined) throw new CommandError(`The kind of a feed is one of ${kindsOf(feeds)}.`)
  return feed
}

/** The URL that the owner gives; undefined for none. Throws CommandError if it cannot be used for such a feed. */
function urlFor(feeds: readonly Feed[], feed: Feed, text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined
  if (feed.snapshot === undefined) {
    const kinds = feeds.filter(({ snapshot }) => snapshot !== undefined).map(({ kind }) => kind)
    throw new CommandError(
      `--url is for ${kinds.join(' and ')}: a feed of kind ${feed.kind} has no list to read.`,
    )
  }
  try {
    return parseServerUrl(text)
  } catch (error) {
    throw new CommandError(`--url: ${error instanceof Error ? error.message : String(error)}.`)
  }
}

function kindsOf(feeds: readonly Feed[]): string {
  return feeds.map(({ kind }) => kind).join(', ')
}

function noFeed(id: string): string {
  return `There is no feed ${id}: see rollcall feed list.`
}

/** A key that its owner chose is no secret. Of a generated key only the hash is stored, and its beginning is shown. */
function masked(feeds: readonly Feed[], { kind, authKey }: FeedRow): string {
  const isHash = feeds.find(feed => feed.kind === kind)?.keys.made === 'generated'
  return isHash ? `sha256:${authKey.slice(0, 8)}…` : authKey
}
