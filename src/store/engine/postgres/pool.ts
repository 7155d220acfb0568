import { Pool, type PoolClient, type PoolConfig } from 'pg'
import { type Connection, StoreUnavailableError } from '../database.ts'
import { connectionOver } from './client.ts'
import { isSound as isSoundAfter, storeError } from './errors.ts'

/** Connections that are opened when they are needed. One work at a time uses a connection. */
export interface PostgresPool {
  /**
   * Runs `use` with a connection. If it throws, its transaction is rolled back, or a broken connection is closed.
   * Rejects with StoreUnavailableError if no connection is free in time, or none can be made.
   */
  run<T>(use: (connection: Connection) => Promise<T>): Promise<T>
  /** As `close`, and refuses the works that wait for a connection. */
  giveUp(): void
  /** Refuses new works. Resolves once the running works have ended. */
  close(): Promise<void>
}

export function postgresPool(config: PoolConfig): PostgresPool {
  const pool = new Pool(config)
  const waiting = new Set<(error: Error) => void>()
  let closed: Promise<void> | undefined
  // A work whose connection is lost throws. The pool itself removes an idle connection that is lost.
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
      // Without this, works that wait would be refused only after their time limit.
      for (const reject of waiting) reject(new StoreUnavailableError('The database is closed'))
      waiting.clear()
    },
    close,
  }
}
