import { Client, type ClientConfig } from 'pg'
import type { Lease } from './database.ts'
import { connectionOver, lockKey } from './postgres-client.ts'
import { storeError } from './postgres-errors.ts'

/**
 * A lease as an advisory lock of a session (PostgreSQL documentation, 13.3.5): the server frees it when the session
 * ends, however it does.
 */
export function postgresLease(config: ClientConfig): Lease {
  let holder: Client | undefined

  async function letGo(): Promise<void> {
    const client = holder
    holder = undefined
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
      // Not waited for: a server that says nothing does not agree either.
      void letGo()
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
        if (row?.held === true) holder = client
        return row?.held === true
      } finally {
        if (holder !== client) void client.end().catch(() => {})
      }
    },
    release: letGo,
  }
}
