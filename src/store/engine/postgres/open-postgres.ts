import { type Connection, type Database, StoreUnavailableError } from '../database.ts'
import { DIALECTS } from '../dialect.ts'
import { runWorks, type Waiting } from '../works.ts'
import { clientConfig, refuseWrongPort, runAlone } from './client.ts'
import { storeError, TryAgainError } from './errors.ts'
import { postgresLease } from './lease.ts'
import { type PostgresPool, postgresPool } from './pool.ts'
import { postgresProblem } from './problem.ts'
import { postgresSockets } from './sockets.ts'

/** These limits together are shorter than the time that senders wait for an answer: LiveKit waits 30 s. */
const CONNECT_WITHIN_MS = 5_000
/** How long a statement waits for a lock. */
export const LOCK_WITHIN_MS = 5_000
const ANSWER_WITHIN_MS = 15_000
const ATTEMPTS = 5
/** Few enough that a room or feed is unlocked within LOCK_WITHIN_MS, also over a slow network. */
const WORKS_A_COMMIT = 32
const DELIVERIES_A_COMMIT = 32
/** A work that would wait behind this many is refused, so that the queue does not grow with repeated deliveries. */
const WAITING_IN_A_LANE = 2_000
/** How long the session of the lease may be idle. The holder uses it more often; a frozen process loses the lease. */
const LEASE_HELD_FOR_MS = 60_000
/** How long closing waits for a server that does not answer. */
const CLOSE_WITHIN_MS = 1_000

/**
 * A PostgreSQL database at a URL in the form of libpq. Works of one lane that wait together share a transaction; every
 * other work has a transaction of its own. The isolation level is READ COMMITTED. Half of the connections read and half
 * write, so that neither wait for the others; one more connection holds the lease.
 */
export function openPostgres(url: string, connections: number): Database {
  const sockets = postgresSockets()
  const reach = { stream: sockets.make, connectionTimeoutMillis: CONNECT_WITHIN_MS }
  const limits = {
    ...reach,
    statement_timeout: ANSWER_WITHIN_MS,
    query_timeout: ANSWER_WITHIN_MS,
    lock_timeout: LOCK_WITHIN_MS,
    idle_in_transaction_session_timeout: ANSWER_WITHIN_MS,
  }
  const config = { ...clientConfig(url), ...limits }
  refuseWrongPort(clientConfig(url))
  const readers = postgresPool({ ...config, max: Math.floor(connections / 2) })
  const writers = postgresPool({ ...config, max: Math.ceil(connections / 2) })
  const lease = postgresLease({
    ...clientConfig(url, [`idle_session_timeout=${LEASE_HELD_FOR_MS}`]),
    ...limits,
  })
  const lanes = new Map<string, Waiting[]>()

  async function drain(lane: string, waiting: Waiting[]): Promise<void> {
    while (waiting.length > 0) {
      const error = await commit(waiting.splice(0, WORKS_A_COMMIT))
      // The works that wait in this lane would fail too, each after a time limit of its own.
      if (error !== undefined) for (const { reject } of waiting.splice(0)) reject(error)
    }
    lanes.delete(lane)
  }

  /** Runs works and settles their promises. Resolves to the error if none of them could be stored. */
  async function commit(works: readonly Waiting[]): Promise<Error | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        for (const tell of await commitOnce(works)) tell()
        return undefined
      } catch (error) {
        if (error instanceof TryAgainError && attempt < ATTEMPTS) continue
        const unavailable = error instanceof StoreUnavailableError ? error : storeError(error)
        for (const { reject } of works) reject(unavailable)
        return unavailable
      }
    }
  }

  async function commitOnce(works: readonly Waiting[]): Promise<(() => void)[]> {
    return await writers.run(async connection => {
      await connection.run('begin')
      const tell = await runWorks(connection, works, error => error instanceof StoreUnavailableError)
      await connection.run('commit')
      return tell
    })
  }

  return {
    dialect: DIALECTS.postgres,
    deliveriesACommit: DELIVERIES_A_COMMIT,
    hasOneWriter: false,
    reader: connectionFrom(readers),
    lookup: connectionFrom(writers),
    transact: (work, lane) =>
      new Promise((resolve, reject) => {
        // The queue holds works with results of any type. Each `resolve` gets the result of its own work.
        const waiting = { work, resolve: resolve as (value: unknown) => void, reject }
        if (lane === undefined) return void commit([waiting])
        const queue = lanes.get(lane)
        if (queue !== undefined && queue.length >= WAITING_IN_A_LANE) {
          return reject(new StoreUnavailableError('Too many wait for one room or feed'))
        }
        if (queue !== undefined) return void queue.push(waiting)
        const fresh = [waiting]
        lanes.set(lane, fresh)
        void drain(lane, fresh)
      }),
    transactAlone: work => runAlone({ ...clientConfig(url), ...reach }, work),
    lease,
    problem() {
      return postgresProblem(this.reader)
    },
    giveUp() {
      lease.giveUp()
      readers.giveUp()
      writers.giveUp()
      sockets.cut()
    },
    async close() {
      // `unref`, so that the timer does not keep the process alive.
      setTimeout(() => sockets.cut(), CLOSE_WITHIN_MS).unref()
      await Promise.all([lease.release(), readers.close(), writers.close()])
    },
  }
}

function connectionFrom(pool: PostgresPool): Connection {
  return {
    dialect: DIALECTS.postgres,
    all: (sql, params) => pool.run(connection => connection.all(sql, params)),
    run: (sql, params) => pool.run(connection => connection.run(sql, params)),
  }
}
