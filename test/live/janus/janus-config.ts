import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MEDIA_INTERFACE } from '../namespace.ts'

export const JANUS_HTTP_PORT = 18088
export const JANUS_WS_PORT = 18188

/** Rooms in the configuration of Janus. Janus sends no event when they begin or end. */
export const STATIC_ROOMS = [1234, 1235]
export const SESSION_TIMEOUT_SEC = 8

/** The addresses to which the two event handlers of Debian's package send all events. */
export interface Backends {
  webSocketUrl: string
  http: { url: string; user: string; password: string }
}

/** Writes the configuration of Janus into a folder. Settings that are left out have Janus's defaults. */
export function writeJanusConfig(folder: string, { webSocketUrl, http }: Backends): void {
  mkdirSync(folder, { recursive: true })
  const write = (name: string, sections: Sections) => {
    writeFileSync(join(folder, `${name}.jcfg`), libconfig(sections), { mode: 0o600 })
  }
  write('janus', {
    general: { server_name: 'live-janus', session_timeout: SESSION_TIMEOUT_SEC },
    nat: { ice_enforce_list: MEDIA_INTERFACE },
    media: { rtp_port_range: '18100-18400' },
    events: { broadcast: true },
  })
  // Without `events` a handler gets no events, although the shipped configuration says otherwise.
  const handler = { enabled: true, events: 'all' }
  write('janus.eventhandler.wsevh', { general: { ...handler, backend: webSocketUrl } })
  write('janus.eventhandler.sampleevh', {
    general: { ...handler, backend: http.url, backend_user: http.user, backend_pwd: http.password },
  })
  write('janus.transport.http', { general: { http: true, ip: '127.0.0.1', port: JANUS_HTTP_PORT } })
  write('janus.transport.websockets', {
    general: { ws: true, ws_port: JANUS_WS_PORT, ws_interface: 'lo' },
  })
  const room = { publishers: 20, videocodec: 'vp8,h264,vp9' }
  write(
    'janus.plugin.videoroom',
    Object.fromEntries(STATIC_ROOMS.map(id => [`room-${id}`, { description: 'A static room', ...room }])),
  )
}

type Sections = Record<string, Record<string, string | number | boolean>>

/** Settings in the format of libconfig. It writes texts without quotes and backslashes as JSON does. */
function libconfig(sections: Sections): string {
  return Object.entries(sections)
    .map(([name, settings]) => {
      const lines = Object.entries(settings).map(([key, value]) => `  ${key} = ${JSON.stringify(value)}\n`)
      return `${name}: {\n${lines.join('')}}\n`
    })
    .join('')
}
