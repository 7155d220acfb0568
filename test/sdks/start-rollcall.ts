import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** A running server of its own, with fresh credentials and an empty database. */
export interface Rollcall {
  baseUrl: string
  accountSid: string
  authToken: string
  apiKey: string
  apiSecret: string
  /** Ends the server and removes its database. */
  stop(): Promise<void>
}

const readyWithinMs = 30_000
const stopWithinMs = 10_000

export async function startRollcall(): Promise<Rollcall> {
  const databaseFolder = await mkdtemp(join(tmpdir(), 'rollcall-sdks-'))
  const port = await freePort()
  const server = {
    baseUrl: `http://127.0.0.1:${port}`,
    accountSid: `AC${randomBytes(16).toString('hex')}`,
    authToken: randomBytes(20).toString('hex'),
    apiKey: `API${randomBytes(6).toString('hex')}`,
    apiSecret: randomBytes(24).toString('hex'),
  }
  const main = join(import.meta.dirname, '../../src/main.ts')
  const child = spawn(process.execPath, [main, 'serve'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...bareEnvironment(),
      HOST: '127.0.0.1',
      PORT: String(port),
      DATABASE_URL: databaseFolder,
      ROLLCALL_ACCOUNT_SID: server.accountSid,
      ROLLCALL_AUTH_TOKEN: server.authToken,
      LIVEKIT_API_KEY: server.apiKey,
      LIVEKIT_API_SECRET: server.apiSecret,
    },
  })
  let log = ''
  const keep = (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-4000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const ended = once(child, 'close')

  const stop = async () => {
    child.kill('SIGTERM')
    const onTime = await Promise.race([ended.then(() => true), delay(stopWithinMs, false, { ref: false })])
    if (!onTime) {
      child.kill('SIGKILL')
      await ended
    }
    await rm(databaseFolder, { recursive: true, force: true })
  }

  const deadlineMs = Date.now() + readyWithinMs
  while (!(await answers(server.baseUrl))) {
    if (child.exitCode !== null || Date.now() > deadlineMs) {
      await stop()
      throw new Error(`Rollcall did not get ready\n${log}`)
    }
    await delay(50)
  }
  return { ...server, stop }
}

async function answers(baseUrl: string): Promise<boolean> {
  try {
    const response = await fetch(`${baseUrl}/openapi.json`)
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false
  }
}

/** The developer's own settings must not reach the server under test. */
function bareEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env
  return Object.fromEntries(Object.entries({ PATH, HOME, TMPDIR }).filter(([, value]) => value !== undefined))
}

async function freePort(): Promise<number> {
  const probe = createServer()
  probe.listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
