import { Pool, type PoolClient, type PoolConfig } from 'pg'
import { type Connection, StoreUnavailableError } from '../database.ts'
import { connectionOver } from './client.ts'
import { isSound as isSoundAfter, storeError } from './errors.ts'

/** Connections that are opened when they are needed; one work at a time uses each. */
export interface PostgresPool {
  /** Runs `use` with a connection. A transaction that it leaves open is undone; a broken connection is not used again. */
  run<T>(use: (connection: Connection) => Promise<T>): Promise<T>
  /** As `close`, and works that wait for a connection are refused at once. */
  giveUp(): void
  /** Refuses new works. Resolves once the running ones have ended. */
  close(): Promise<void>
}

/** Rejects with StoreUnavailableError where none is free in time, or none can be made. */
export function postgresPool(config: PoolConfig): PostgresPool {
  const pool = new Pool(config)
  const waiting = new Set<(error: Error) => void>()
  let closed: Promise<void> | undefined
  // The work that uses a lost connection throws; the pool removes an idle one by itself.
  pool.on('error', () => {})
  pool.on('connect', client => void client.on('error', () => {}))

  function take(): Promise<PoolClient> {
    return new Promise((resolve, reject) => {
      waiting.add(reject)
      pool.connect().then(
        client => (waiting.delete(reject) ? resolve(client) : client.release(true)),
        error => {
          waiting.delete(reject)
          reject(storeError(error))
        },
      )
    })
  }

  function close(): Promise<void> {
    closed ??= pool.end()
    return closed
  }

  return {
    async run(use) {
      const client = await take()
      let isSound = true
      const connection = connectionOver(client, error => {
        isSound &&= isSoundAfter(error)
      })
      try {
        return await use(connection)
      } catch (error) {
        if (isSound) await connection.run('rollback').catch(() => {})
        throw error
      } finally {
        client.release(!isSound)
      }
    },
    giveUp() {
      void close()
      // The pool alone would let them wait until their time limit.
      for (const reject of waiting) reject(new StoreUnavailableError('The database is closed'))
      waiting.clear()
    },
    close,
  }
}
