import { Agent, request } from 'node:http'
import { signWebhook } from '../../src/demo/livekit-webhook.ts'
import type { Ledger } from './ledger.ts'
import { LIVEKIT_KEY } from './rollcall-server.ts'
import type { Webhook } from './webhooks.ts'

const CONNECTIONS = 32

/**
 * Sends the webhooks of the ledger over many connections, as fast as they are answered, until none is left or the
 * server is killed. Throws if an answer is not 200, or if a connection breaks although the server was not killed.
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

/** Sends the webhooks of each room one after another, and those of different rooms at the same time. */
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

/** Resolves to the status of the answer, also if the answer breaks off after the status. */
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
