import { Client, type ClientConfig } from 'pg'
import { type Lease, StoreUnavailableError } from '../database.ts'
import { connectionOver, lockKey } from './client.ts'
import { storeError } from './errors.ts'

const KEEP_EVERY_MS = 20_000

/** A lease that can be given up while the server does not answer. */
export interface PostgresLease extends Lease {
  /** The lease is not taken again after this. */
  giveUp(): void
}

/**
 * A lease that is an advisory lock of a session (PostgreSQL documentation, 13.3.5). The server frees it when the
 * session ends for any reason.
 */
export function postgresLease(config: ClientConfig): PostgresLease {
  let holder: Client | undefined
  let keeping: NodeJS.Timeout | undefined
  let isGivenUp = false

  async function letGo(): Promise<void> {
    const client = holder
    holder = undefined
    clearInterval(keeping)
    await client?.end().catch(() => {})
  }

  async function isStillHeld(client: Client): Promise<boolean> {
    try {
      await connectionOver(client).all('select 1')
      return client === holder
    } catch {
      return false
    }
  }

  return {
    async hold() {
      if (holder !== undefined && (await isStillHeld(holder))) return true
      // Not awaited, because the server may not answer.
      void letGo()
      if (isGivenUp) throw new StoreUnavailableError('The database is closed')
      const client = new Client(config)
      client.on('error', () => {
        if (holder === client) holder = undefined
      })
      try {
        await client.connect().catch(error => {
          throw storeError(error)
        })
        const sql = `select pg_try_advisory_lock(${lockKey('lease')}) held`
        const [row] = await connectionOver(client).all<{ held: boolean }>(sql)
        if (row?.held !== true) return false
        holder = client
        // Keeps the session from timing out during a long sweep. In a frozen process it does not run: the lease ends.
        keeping = setInterval(() => void isStillHeld(client), KEEP_EVERY_MS).unref()
        return true
      } finally {
        if (holder !== client) void client.end().catch(() => {})
      }
    },
    release: letGo,
    giveUp() {
      isGivenUp = true
    },
  }
}
