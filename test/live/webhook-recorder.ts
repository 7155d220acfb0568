import { appendFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'

export const RECORDER_PORT = 18090

/** Forwards LiveKit's webhooks unchanged, and writes each body without its secret as a line of `file`. */
export async function startWebhookRecorder(args: {
  file: string
  target: string
}): Promise<{ url: string; stop(): void }> {
  writeFileSync(args.file, '')
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    const answer = await fetch(args.target, {
      method: 'POST',
      headers: {
        'content-type': request.headers['content-type'] ?? '',
        authorization: request.headers.authorization ?? '',
      },
      body,
    }).catch(() => undefined)
    // A webhook that was refused is not written, because LiveKit sends it again.
    if (answer?.ok) appendFileSync(args.file, `${withoutSecret(body)}\n`)
    response.writeHead(answer?.status ?? 502).end()
  })
  await new Promise<void>(resolve => server.listen(RECORDER_PORT, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${RECORDER_PORT}`,
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += chunk
  return body
}

function withoutSecret(body: string): string {
  return body.replace(/("turnPassword":\s*)"[^"]*"/, '$1"REDACTED"')
}
