import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import type { FastifyInstance } from 'fastify'
import { ERRORS, type ErrorName, errorBody } from '../../src/http/errors.ts'
import { until } from './until.ts'

const WITHIN_MS = 10_000

/** A client that speaks HTTP byte by byte. */
export interface RawClient {
  readonly socket: Socket
  /** All that has come so far. */
  answer(): string
  /** Waits for the head of the first answer, which must have this status. */
  answered(status: number): Promise<void>
  /** Waits for the end of the connection. */
  closed(): Promise<void>
}

/** The head of a request. */
export function request(line: string, headers: readonly string[] = []): string {
  return `${[`${line} HTTP/1.1`, 'Host: h', ...headers].join('\r\n')}\r\n\r\n`
}

/** Sends a text and, whatever the server does, leaves its own side of the connection open until the test ends. */
export async function dial(t: TestContext, url: string, text: string): Promise<RawClient> {
  const { hostname: host, port } = new URL(url)
  const socket: Socket = connect({ host, port: Number(port), allowHalfOpen: true })
  t.after(() => socket.destroy())
  let answer = ''
  let isOver = false
  socket.on('data', chunk => {
    answer += chunk
  })
  socket.on('error', () => {})
  for (const event of ['end', 'close']) {
    socket.on(event, () => {
      isOver = true
    })
  }
  await once(socket, 'connect')
  socket.write(text)
  return {
    socket,
    answer: () => answer,
    async answered(status) {
      await until('the answer', WITHIN_MS, () => answer.includes('\r\n\r\n') || undefined)
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), text.slice(0, 200))
    },
    async closed() {
      await until('the end of the connection', WITHIN_MS, () => isOver || undefined)
    },
  }
}

/** Waits for the whole answer, which ends with the brace of the error object, and compares it. */
export async function assertError(client: RawClient, error: ErrorName): Promise<void> {
  await until('the whole answer', WITHIN_MS, () => /\}\s*$/.test(client.answer()) || undefined)
  assertErrorAnswer(client.answer(), error)
}

/** Compares an answer with that of an error: the error object, with the headers of any answer. */
export function assertErrorAnswer(answer: string, error: ErrorName): void {
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  assert.match(head, new RegExp(`^HTTP/1.1 ${ERRORS[error].status} `))
  assert.match(head, /^twilio-request-id: RQ[0-9a-f]{32}$/im)
  assert.match(head, /^access-control-allow-origin: \*$/im)
  const { message, ...rest } = JSON.parse(body)
  const { message: _standard, ...expected } = errorBody(error)
  assert.equal(typeof message, 'string')
  assert.deepEqual(rest, expected)
}

/** Waits until the server has no connection. */
export async function untilNoneIsOpen({ server }: FastifyInstance, withinMs = WITHIN_MS): Promise<void> {
  const countOpen = promisify(server.getConnections.bind(server))
  await until('every connection to be closed', withinMs, async () => (await countOpen()) === 0 || undefined)
}
