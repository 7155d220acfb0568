import type { FastifyInstance } from 'fastify'
import pino from 'pino'
import type { Config } from '../config.ts'
import type { Feed } from '../feeds/feed.ts'
import { feeds as allFeeds } from '../feeds/index.ts'
import { outageLog } from '../http/outage-log.ts'
import { createServer } from '../http/server.ts'
import { applyQueue } from '../ingest/apply-queue.ts'
import { feedsReconciliation } from '../ingest/sweep/reconcile-feeds.ts'
import { sendJson } from '../ingest/sweep/send-json.ts'
import { createSweeper } from '../ingest/sweep/sweeper.ts'
import { StoreUnavailableError } from '../store/engine/database.ts'
import type { Store } from '../store/store.ts'
import { CommandError } from './command.ts'
import { configuredFeeds as feedsOf } from './configured-feeds.ts'

/** How long requests may still be answered once the server is to stop. */
const CLOSE_WITHIN_MS = 1_000
/** How long the server waits for the database once it is to stop. */
const GIVE_UP_AFTER_MS = 5_000

export interface StartOptions {
  readonly config: Config
  readonly store: Store
  /** Unix milliseconds. */
  readonly clock: () => number
  /** The default account, which owns the feeds of the settings. */
  readonly accountSid: string
  /** All feeds of Rollcall unless given. */
  readonly feeds?: readonly Feed[]
}

/**
 * Starts the server and the sweeper over a store. `url` is the address on this machine; logs go to standard error.
 * Throws CommandError where it cannot listen. `close` leaves the store open.
 */
export async function startServer(
  options: StartOptions,
): Promise<{ url: string; close: () => Promise<void> }> {
  const { config, store, clock, accountSid, feeds = allFeeds } = options
  const log = pino({ level: config.logLevel }, pino.destination(2))
  const configuredFeeds = feedsOf(feeds, config, accountSid)
  const heard = new Map<string, number>()
  const onFault = (error: unknown) => log.error(error, 'a delivery failed')
  const queue = applyQueue({ store, feeds, settings: config, onFault })
  const noteOutage = outageLog(log, clock)
  const server = await createServer({
    ...{ config, store, clock, log, feeds, configuredFeeds, heard, queue, noteOutage },
  })
  const stopping = new AbortController()
  const { signal } = stopping
  const send = sendJson(signal)
  const sweeping = {
    ...{ store, queue, feeds, configuredFeeds, heard, clock },
    onFault(error: unknown) {
      if (error instanceof StoreUnavailableError) noteOutage(error)
      else if (!signal.aborted) log.warn(error, 'a sweep failed')
    },
  }
  const ofFeeds = feedsReconciliation({
    ...sweeping,
    serverOf: ({ snapshot }, { url, authKey, secret }) =>
      url === undefined ? undefined : snapshot?.serverOf({ url, authKey, secret }, send),
  })
  const sweeper = createSweeper({ ...sweeping, reconciliations: [ofFeeds] })
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
    // Only errors of the operating system have `syscall`.
    if (!(error instanceof Error && 'syscall' in error)) throw error
    throw new CommandError(
      `Cannot listen on ${config.host}:${config.port} (${error.message}): see --host and --port.`,
    )
  }
}

/** Answers the requests that have begun, for at most CLOSE_WITHIN_MS, and then cuts the open connections. */
async function closeServer(server: FastifyInstance): Promise<void> {
  const cut = setTimeout(() => server.server.closeAllConnections(), CLOSE_WITHIN_MS)
  await server.close()
  clearTimeout(cut)
}
