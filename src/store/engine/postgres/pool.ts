import { Pool, type PoolClient, type PoolConfig } from 'pg'
import { type Connection, StoreUnavailableError } from '../database.ts'
import { connectionOver } from './client.ts'
import { isSound as isSoundAfter, storeError } from './errors.ts'

/** Connections that are opened when they are needed, and taken by one work at a time. */
export interface PostgresPool {
  /** Runs `use` with a connection. What it leaves open is undone; a connection that failed is not used again. */
  run<T>(use: (connection: Connection) => Promise<T>): Promise<T>
  /** As `close`, and whoever waits for a connection is refused at once. */
  giveUp(): void
  /** From here on nothing is run. Resolves once what is running has ended. */
  close(): Promise<void>
}

/** Rejects with StoreUnavailableError where none is free in time, or none can be made. */
export function postgresPool(config: PoolConfig): PostgresPool {
  const pool = new Pool(config)
  const waiting = new Set<(error: Error) => void>()
  let closed: Promise<void> | undefined
  // A connection that is lost is told by the work that has it; the pool itself lets go of one that nobody has.
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
      // The pool itself would let them wait until their time is over.
      for (const reject of waiting) reject(new StoreUnavailableError('The database is closed'))
      waiting.clear()
    },
    close,
  }
}
