import type { FastifyInstance } from 'fastify'
import pino from 'pino'
import type { Config } from '../config.ts'
import { createServer } from '../server.ts'
import { feedId } from '../sid.ts'
import type { FeedRow } from '../store/feeds.ts'
import type { Store } from '../store/store.ts'
import { CommandError } from './command.ts'

/** How long what is being answered may take once the server is to stop. */
const CLOSE_WITHIN_MS = 1_000

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
  const server = await createServer({ config, store, clock, log, configuredFeeds })
  try {
    const url = await server.listen({ host: config.host, port: config.port })
    return { url, close: () => closeServer(server) }
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

/** The feeds that the settings name; they are the default account's. */
function feedsOf({ livekitApiKey, livekitApiSecret }: Config, accountSid: string): FeedRow[] {
  if (livekitApiKey === undefined || livekitApiSecret === undefined) return []
  const feedOfKey = feedId(accountSid, 'livekit', livekitApiKey)
  return [
    {
      feedId: feedOfKey,
      accountSid,
      kind: 'livekit',
      authKey: livekitApiKey,
      secret: livekitApiSecret,
      createdAtMs: 0,
    },
  ]
}
