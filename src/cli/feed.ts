import { feeds } from '../feeds/index.ts'
import { digestOf } from '../feeds/json.ts'
import { DELIVERIES_KEPT } from '../ingest/delivery-log.ts'
import { feedId } from '../sid.ts'
import type { FeedRow } from '../store/feeds/feeds.ts'
import type { Store } from '../store/store.ts'
import { type Command, type CommandContext, CommandError } from './command.ts'
import { newSecret } from './credentials.ts'
import { chooseAccount } from './default-account.ts'
import { table } from './table.ts'
import { withStore } from './with-store.ts'

const settings = ['database'] as const
const kinds = feeds.map(feed => feed.kind)
/** Kinds whose feeds are found by a name that their owner gives; a token of ours finds the others. */
const CHOOSES_KEY = ['livekit', 'jaas']

export const feedAdd: Command = {
  name: 'feed add',
  summary: `Let a source of events in: ${kinds.join(', ')}`,
  args: '<KIND>',
  options: {
    account: ['SID', 'The account whose rooms it tells of; not needed where there is one'],
    key: [
      'KEY',
      "livekit: the API key that LiveKit's webhook section names, made up if not given; jaas: the AppID",
    ],
  },
  settings,
  notes: [
    ...feeds.map(feed => `${feed.kind}: ${feed.summary}; to ${feed.path}`),
    'The secret of livekit (with --key), of twilio (the auth token of that account) and of jaas is read from standard input.',
  ],
  run: context =>
    withStore(context, async store => {
      const kind = kindOf(context.args[0])
      const { accountSid } = await chooseAccount(store, context.options['account'])
      const { authKey, secret, told } = await newKeys(kind, accountSid, context)
      const id = feedId(accountSid, kind, authKey)
      // A feed that was given another key since still has the id of its first.
      const known = (await store.feeds.find(kind, authKey)) ?? (await feedById(store, id))
      if (known !== undefined) {
        throw new CommandError(
          `That ${kind} feed is there already: rollcall feed rotate ${known.feedId} changes its secret.`,
        )
      }
      await store.feeds.put({ feedId: id, accountSid, kind, authKey, secret, createdAtMs: context.clock() })
      context.print(`Feed     ${id}`)
      context.print(`Path     ${feeds.find(feed => feed.kind === kind)?.path}`)
      for (const line of told) context.print(line)
    }),
}

export const feedList: Command = {
  name: 'feed list',
  summary: 'List the feeds, secrets masked',
  args: '',
  options: {},
  settings,
  run: context =>
    withStore(context, async store => {
      const rows = (await store.feeds.list()).map(feed => [
        feed.feedId,
        feed.kind,
        feed.accountSid,
        masked(feed),
        new Date(feed.createdAtMs).toISOString(),
      ])
      for (const line of table(['ID', 'KIND', 'ACCOUNT', 'KEY', 'CREATED'], rows)) context.print(line)
    }),
}

export const feedRemove: Command = {
  name: 'feed remove',
  summary: 'Shut a source of events out; what it told stays',
  args: '<ID>',
  options: {},
  settings,
  run: context =>
    withStore(context, async store => {
      const [id = ''] = context.args
      if (!(await store.feeds.remove(id)))
        throw new CommandError(`There is no feed ${id}: see rollcall feed list.`)
      context.print(`Feed ${id} is removed.`)
    }),
}

export const feedRotate: Command = {
  name: 'feed rotate',
  summary: 'Give a feed a new secret; the old one stops at once, its id and history stay',
  args: '<ID>',
  options: { key: ['KEY', 'livekit: a new API key as well; jaas: a new AppID'] },
  settings,
  notes: [
    'The new secret of livekit, twilio and jaas is read from standard input; the new key or token of the others is made up and printed.',
  ],
  run: context =>
    withStore(context, async store => {
      const feed = await findFeed(store, context.args[0])
      const key = context.options['key'] ?? (CHOOSES_KEY.includes(feed.kind) ? feed.authKey : undefined)
      const options = key === undefined ? {} : { key }
      const { authKey, secret, told } = await newKeys(feed.kind, feed.accountSid, { ...context, options })
      const holder = await store.feeds.find(feed.kind, authKey)
      if (holder !== undefined && holder.feedId !== feed.feedId) {
        throw new CommandError(`That key is the one of feed ${holder.feedId}.`)
      }
      await store.feeds.put({ ...feed, authKey, secret })
      context.print(`Feed     ${feed.feedId}`)
      for (const line of told) context.print(line)
    }),
}

export const feedLog: Command = {
  name: 'feed log',
  summary: `Show the last ${DELIVERIES_KEPT} authentic deliveries and the last ${DELIVERIES_KEPT} others, and what became of them`,
  args: '',
  options: {},
  settings,
  run: context =>
    withStore(context, async store => {
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

/** What a new feed is found by and verified with, and the lines that tell its owner. */
async function newKeys(
  kind: string,
  accountSid: string,
  context: Pick<CommandContext, 'options' | 'readLine'>,
) {
  const givenKey = context.options['key']
  if (!CHOOSES_KEY.includes(kind) && givenKey !== undefined) {
    throw new CommandError(`--key is for ${CHOOSES_KEY.join(' and ')}: a ${kind} feed has none to choose.`)
  }
  switch (kind) {
    case 'events':
    case 'jitsi': {
      const key = newSecret()
      const told = [`Feed key ${key}`, `Send     Authorization: Bearer ${key}`]
      return { authKey: digestOf(key), secret: '', told }
    }
    case 'janus': {
      const token = newSecret()
      return { authKey: digestOf(token), secret: '', told: [`Token    ${token}`] }
    }
    case 'twilio': {
      const secret = await readSecret(context, `Auth token of ${accountSid} at Twilio: `)
      return { authKey: accountSid, secret, told: [`Account  ${accountSid}`] }
    }
    case 'jaas': {
      if (givenKey === undefined)
        throw new CommandError('A jaas feed is found by its AppID: give it with --key.')
      const secret = await readSecret(context, `Secret of the webhook of ${givenKey}: `)
      return { authKey: givenKey, secret, told: [`AppID    ${givenKey}`] }
    }
    default: {
      const authKey = givenKey ?? `API${newSecret().slice(0, 12)}`
      const secret =
        givenKey === undefined ? newSecret() : await readSecret(context, `Secret of ${authKey}: `)
      return {
        authKey,
        secret,
        told: [`API key  ${authKey}`, ...(givenKey === undefined ? [`Secret   ${secret}`] : [])],
      }
    }
  }
}

async function readSecret({ readLine }: Pick<CommandContext, 'readLine'>, prompt: string): Promise<string> {
  const secret = (await readLine(prompt)).trim()
  if (secret === '') throw new CommandError('No secret came on standard input.')
  return secret
}

async function findFeed(store: Store, id: string | undefined): Promise<FeedRow> {
  const feed = await feedById(store, id)
  if (feed === undefined) throw new CommandError(`There is no feed ${id}: see rollcall feed list.`)
  return feed
}

async function feedById(store: Store, id: string | undefined): Promise<FeedRow | undefined> {
  return (await store.feeds.list()).find(row => row.feedId === id)
}

function kindOf(kind: string | undefined): string {
  if (kind !== undefined && kinds.includes(kind)) return kind
  throw new CommandError(`The kind of a feed is one of ${kinds.join(', ')}.`)
}

/** A LiveKit key, an AppID and an account SID are names; of a feed key only its hash is kept, and a part of that is shown. */
function masked({ kind, authKey }: FeedRow): string {
  const isHash = feeds.find(feed => feed.kind === kind)?.claimIsSecret === true
  return isHash ? `sha256:${authKey.slice(0, 8)}…` : authKey
}
