import type { FastifyInstance } from 'fastify'
import pino from 'pino'
import type { Config } from '../config.ts'
import { feeds } from '../feeds/index.ts'
import { janusCredentials } from '../feeds/janus/index.ts'
import { livekitApi } from '../feeds/livekit/api.ts'
import { createServer } from '../http/server.ts'
import { livekitReconciliation, type Reconciliation } from '../ingest/sweep/reconcile-livekit.ts'
import { createSweeper } from '../ingest/sweep/sweeper.ts'
import { feedId } from '../sid.ts'
import type { FeedRow } from '../store/feeds/feeds.ts'
import type { Store } from '../store/store.ts'
import { CommandError } from './command.ts'

/** How long what is being answered may take once the server is to stop. */
const CLOSE_WITHIN_MS = 1_000
/** How long the database may take with what was begun before. */
const GIVE_UP_AFTER_MS = 5_000

/** Starts the server over a store; `url` is where this machine reaches it. Logs go to standard error. */
export async function startServer(options: {
  config: Config
  store: Store
  clock: () => number
  accountSid: string
}): Promise<{ url: string; close: () => Promise<void> }> {
  const { config, store, clock, accountSid } = options
  const log = pino({ level: config.logLevel }, pino.destination(2))
  const configuredFeeds = feedsOf(config, accountSid)
  const heard = new Map<string, number>()
  const server = await createServer({ config, store, clock, log, configuredFeeds, heard })
  const stopping = new AbortController()
  const { signal } = stopping
  const sweeper = createSweeper({
    ...{ store, settings: config, feeds, configuredFeeds, heard, clock },
    reconciliations: reconciliationsOf(config, { store, clock, configuredFeeds, signal }),
    onFault: error => signal.aborted || log.warn(error, 'a look for what is over failed'),
  })
  try {
    const url = await server.listen({ host: config.host, port: config.port })
    sweeper.start()
    return {
      url,
      async close() {
        stopping.abort()
        const giveUp = setTimeout(() => store.giveUp(), GIVE_UP_AFTER_MS)
        await sweeper.stop()
        await closeServer(server)
        clearTimeout(giveUp)
      },
    }
  } catch (error) {
    await server.close()
    const problem = error instanceof Error ? error.message : String(error)
    throw new CommandError(
      `Cannot listen on ${config.host}:${config.port} (${problem}): see --host and --port.`,
    )
  }
}

/** Answers what came; a connection that is still open then is cut: it may never send a request. */
async function closeServer(server: FastifyInstance): Promise<void> {
  const cut = setTimeout(() => server.server.closeAllConnections(), CLOSE_WITHIN_MS)
  await server.close()
  clearTimeout(cut)
}

/** LiveKit's own list is asked for, where the settings say where it is. */
function reconciliationsOf(
  config: Config,
  from: {
    store: Store
    clock: () => number
    configuredFeeds: readonly FeedRow[]
    signal: AbortSignal
  },
): Reconciliation[] {
  const { store, clock, configuredFeeds, signal } = from
  const { livekitUrl: url, livekitApiKey: apiKey, livekitApiSecret: apiSecret } = config
  const feed = configuredFeeds.find(({ kind }) => kind === 'livekit')
  if (url === undefined || apiKey === undefined || apiSecret === undefined || feed === undefined) return []
  const api = livekitApi({ url, apiKey, apiSecret, clock, signal })
  return [livekitReconciliation({ store, settings: config, feed, api, clock })]
}

/** The feeds that the settings name; they are the default account's. */
function feedsOf(config: Config, accountSid: string): FeedRow[] {
  const { livekitApiKey, livekitApiSecret, janusEventsUser, janusEventsPassword } = config
  const feed = (kind: string, name: string, authKey: string, secret: string) => {
    return { feedId: feedId(accountSid, kind, name), accountSid, kind, authKey, secret, createdAtMs: 0 }
  }
  return [
    ...(livekitApiKey === undefined || livekitApiSecret === undefined
      ? []
      : [feed('livekit', livekitApiKey, livekitApiKey, livekitApiSecret)]),
    ...(janusEventsUser === undefined || janusEventsPassword === undefined
      ? []
      : [feed('janus', janusEventsUser, janusCredentials(`${janusEventsUser}:${janusEventsPassword}`), '')]),
  ]
}
