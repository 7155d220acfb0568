import { Agent, request } from 'node:http'
import { signWebhook } from '../../src/demo/livekit-webhook.ts'
import type { Ledger } from './ledger.ts'
import { LIVEKIT_KEY } from './rollcall-server.ts'
import type { Webhook } from './webhooks.ts'

const CONNECTIONS = 32

/**
 * Sends what the ledger has, over many connections at once, as fast as it is answered; until there is nothing left or
 * the server is gone. Throws where an answer is not 200, and where a connection breaks though the server was not killed.
 */
export async function fullLoad(url: string, ledger: Ledger, isKilled: () => boolean): Promise<void> {
  await overConnections(async agent => {
    while (!isKilled()) {
      const webhook = ledger.next()
      if (webhook === undefined) return
      const status = await post(agent, url, webhook).catch(error => {
        ledger.sendAgain(webhook)
        if (!isKilled()) throw error
        return undefined
      })
      if (status === 200) ledger.acknowledge(webhook)
      else if (status !== undefined) throw new Error(`${webhook.id} is answered ${status}`)
    }
  })
}

/** Sends the webhooks of each room one after the other, of many rooms at once. */
export async function deliverInOrder(url: string, rooms: readonly (readonly Webhook[])[]): Promise<void> {
  const waiting = [...rooms]
  await overConnections(async agent => {
    for (let room = waiting.pop(); room !== undefined; room = waiting.pop()) {
      for (const webhook of room) {
        const status = await post(agent, url, webhook)
        if (status !== 200) throw new Error(`${webhook.id} is answered ${status}`)
      }
    }
  })
}

async function overConnections(work: (agent: Agent) => Promise<void>): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, () => work(agent)))
  } finally {
    agent.destroy()
  }
}

/** The status of the answer, also of one that breaks off after it: the status is what the sender goes by. */
async function post(agent: Agent, url: string, { body }: Webhook): Promise<number> {
  const headers = {
    'content-type': 'application/webhook+json',
    'content-length': Buffer.byteLength(body),
    authorization: await signWebhook({ ...LIVEKIT_KEY, body, nowMs: Date.now() }),
  }
  return await new Promise((resolve, reject) => {
    const sent = request(`${url}/feeds/livekit`, { method: 'POST', agent, headers }, response => {
      response.on('error', () => {})
      response.once('close', () => resolve(response.statusCode ?? 0))
      response.resume()
    })
    sent.once('error', reject)
    sent.end(body)
  })
}
