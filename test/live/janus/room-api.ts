import { randomUUID } from 'node:crypto'
import { JANUS_URL } from './janus-server.ts'

const PLUGIN = 'janus.plugin.videoroom'

/** The requests of an application's server over HTTP, each in its own session. Resolve to the moment of the request. */
export const roomApi = {
  create: (room: number) => request({ request: 'create', room, publishers: 20, videocodec: 'vp8,h264,vp9' }),
  destroy: (room: number) => request({ request: 'destroy', room }),
  kick: (room: number, id: number) => request({ request: 'kick', room, id }),
}

/** A person without a name joins over HTTP, and sends nothing more. */
export async function joinAndFallSilent(room: number): Promise<{ id: number; joinedAtMs: number }> {
  const session = await openSession()
  const handle = await openHandle(session, {})
  await post(handle, { janus: 'message', body: { request: 'join', ptype: 'publisher', room } })
  const answer = await replyIn(await fetch(session)) // waits for the next event of the session
  const id = answer.plugindata?.data.id
  if (id === undefined) throw new Error(`Janus did not let someone in: ${JSON.stringify(answer)}`)
  return { id, joinedAtMs: Date.now() }
}

async function request(body: { request: string; [name: string]: unknown }): Promise<number> {
  const session = await openSession()
  const handle = await openHandle(session, { opaque_id: 'application' })
  const atMs = Date.now()
  const answer = await post(handle, { janus: 'message', body })
  const problem = answer.plugindata?.data.error
  if (problem !== undefined) throw new Error(`Janus refused to ${body.request}: ${problem}`)
  await post(session, { janus: 'destroy' })
  return atMs
}

async function openSession(): Promise<string> {
  return `${JANUS_URL}/${(await post(JANUS_URL, { janus: 'create' })).data?.id}`
}

async function openHandle(session: string, who: { opaque_id?: string }): Promise<string> {
  const { data } = await post(session, { janus: 'attach', plugin: PLUGIN, ...who })
  return `${session}/${data?.id}`
}

/** The members of an answer of Janus that are used here. */
interface Reply {
  janus: string
  error?: { reason: string }
  data?: { id: number }
  plugindata?: { data: { id?: number; error?: string } }
}

async function post(url: string, message: object): Promise<Reply> {
  const body = JSON.stringify({ ...message, transaction: randomUUID() })
  return replyIn(await fetch(url, { method: 'POST', body }))
}

async function replyIn(response: Response): Promise<Reply> {
  const reply: Reply = JSON.parse(await response.text())
  if (reply.janus === 'error') throw new Error(`Janus answered: ${reply.error?.reason}`)
  return reply
}
