import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export const PAGE_PORT = 18000
export const PAGE_URL = `http://127.0.0.1:${PAGE_PORT}/`

const LIVEKIT_CLIENT = createRequire(import.meta.url).resolve('livekit-client')

export const LIVEKIT_CLIENT_VERSION: string = JSON.parse(
  readFileSync(join(dirname(LIVEKIT_CLIENT), '../package.json'), 'utf8'),
).version

type Files = Record<string, { file: string; type: string }>

const LIVEKIT_FILES: Files = {
  '/': { file: join(import.meta.dirname, 'page.html'), type: 'text/html' },
  '/page.js': { file: join(import.meta.dirname, 'page.js'), type: 'text/javascript' },
  '/livekit-client.js': { file: LIVEKIT_CLIENT, type: 'text/javascript' },
}

/** Serves the page of a participant from 127.0.0.1, which browsers allow to use the camera. */
export async function startPageServer(files = LIVEKIT_FILES): Promise<{ stop(): void }> {
  const server = createServer(async (request, response) => {
    const found = files[request.url ?? '']
    if (!found) return response.writeHead(404).end()
    return response.writeHead(200, { 'content-type': found.type }).end(await readFile(found.file))
  })
  await new Promise<void>(resolve => server.listen(PAGE_PORT, '127.0.0.1', resolve))
  return {
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}
