/**
 * An answer 304 said that its body is 0 bytes long. The length is that of the body which a 200 would have (RFC 9110,
 * 8.6), so that a cache took the answer that it had for broken.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { basic, get, testServer } from '../support/test-server.ts'

test('an answer without a body by its status has neither its length nor its type', async t => {
  const server = await testServer(t)
  const address = await server.app.listen({ port: 0, host: '127.0.0.1' })
  const api = '/v1/Video/Rooms?CreatedAfter=2000-01-01'
  const { authorization } = basic()
  for (const url of [api, '/openapi.json']) {
    // The OpenAPI document names the address that was asked.
    const headers = { authorization, host: 'rollcall.example.com' }
    const known = (await get(server, url, headers)).headers
    const etag = String(known['etag'])
    for (const method of ['GET', 'HEAD']) {
      const asked = [`${method} ${url} HTTP/1.1`, ...Object.entries(headers).map(pair => pair.join(': '))]
      const head = await headOf(address, [...asked, `if-none-match: ${etag}`])
      assert.match(head, /^HTTP\/1\.1 304 /)
      assert.match(head, /^etag: /im)
      assert.doesNotMatch(head, /^(?:content-type|transfer-encoding):/im)
      const length = /^content-length: (\d+)/im.exec(head)?.[1]
      assert.equal(length, method === 'HEAD' ? known['content-length'] : undefined)
    }
  }
  const options = await headOf(address, [`OPTIONS ${api} HTTP/1.1`, 'host: x'])
  assert.match(options, /^HTTP\/1\.1 204 /)
  assert.doesNotMatch(options, /^(?:content-length|content-type|transfer-encoding):/im)
})

/** Sends a request, and resolves to the status line and headers of the answer, which must have nothing after them. */
async function headOf(address: string, lines: readonly string[]): Promise<string> {
  const socket = connect(Number(new URL(address).port), '127.0.0.1')
  socket.write(`${[...lines, 'connection: close'].join('\r\n')}\r\n\r\n`)
  let text = ''
  socket.on('data', data => {
    text += data
  })
  await once(socket, 'close')
  const [head = '', body] = text.split('\r\n\r\n')
  assert.equal(body, '')
  return head
}
