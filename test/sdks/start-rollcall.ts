import { randomBytes } from 'node:crypto'
import { temporaryFolder } from '../support/program.ts'
import { startServe } from '../support/running-server.ts'

/** A running server with new credentials and an empty database. */
export interface Rollcall {
  baseUrl: string
  accountSid: string
  authToken: string
  apiKey: string
  apiSecret: string
  /** Ends the server and removes its database. */
  stop(): Promise<void>
}

export async function startRollcall(): Promise<Rollcall> {
  const endings: (() => Promise<void>)[] = []
  const scope = { after: (work: () => Promise<void>) => void endings.unshift(work) }
  const stop = async () => {
    for (const end of endings) await end()
  }
  const authToken = randomBytes(20).toString('hex')
  const apiKey = `API${randomBytes(6).toString('hex')}`
  const apiSecret = randomBytes(24).toString('hex')
  try {
    const env = {
      LOG_LEVEL: 'warn',
      ROLLCALL_ACCOUNT_SID: `AC${randomBytes(16).toString('hex')}`,
      ROLLCALL_AUTH_TOKEN: authToken,
      LIVEKIT_API_KEY: apiKey,
      LIVEKIT_API_SECRET: apiSecret,
    }
    const server = await startServe(scope, { cwd: await temporaryFolder(scope), env })
    scope.after(async () => void (await server.stop()))
    return { baseUrl: server.url, accountSid: server.accountSid, authToken, apiKey, apiSecret, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
