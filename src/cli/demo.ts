import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { dayOfRooms } from '../demo/day.ts'
import { postWebhook } from '../demo/livekit-webhook.ts'
import { webhooksOf } from '../demo/webhooks.ts'
import { roomSid } from '../sid.ts'
import { openStore } from '../store/open-store.ts'
import { type Command, CommandError } from './command.ts'
import { newSecret } from './credentials.ts'
import { ensureDefaultAccount } from './default-account.ts'
import { startServer } from './start-server.ts'

/** The room whose participants the first printed line asks for. */
const SHOWN_ROOM = 'algebra-7b'

export const demo: Command = {
  name: 'demo',
  summary:
    'Run the server over a temporary database with a day of example rooms, delivered as LiveKit webhooks',
  args: '',
  options: {},
  settings: ['host', 'port', 'logLevel'],
  heedsStop: true,
  async run({ config: given, clock, print, stop }) {
    const database = await mkdtemp(join(tmpdir(), 'rollcall-demo-'))
    const apiKey = 'APIdemo'
    const apiSecret = newSecret()
    const token = newSecret()
    const config: Config = {
      ...given,
      database,
      accountSid: undefined,
      authToken: token,
      publicUrl: undefined,
      logLevel: given.logLevel === 'info' ? 'warn' : given.logLevel,
      livekitApiKey: apiKey,
      livekitApiSecret: apiSecret,
    }
    const store = await openStore(database)
    try {
      const { accountSid } = await ensureDefaultAccount(store, config, clock())
      const { url, close } = await startServer({ config, store, clock, accountSid })
      try {
        const webhooks = webhooksOf(dayOfRooms, clock())
        for (const payload of webhooks) {
          if (stop.aborted) return
          const response = await postWebhook({ baseUrl: url, apiKey, apiSecret, payload, nowMs: clock() })
          if (!response.ok) throw new CommandError(`The demo's webhook was answered ${response.status}.`)
        }
        const native = webhooks.find(({ room }) => room.name === SHOWN_ROOM)?.room.sid ?? ''
        const room = roomSid(accountSid, 'livekit', native)
        print(
          `A day of ${dayOfRooms.length} rooms came in ${webhooks.length} LiveKit webhooks; one room is in progress.`,
        )
        print('')
        print(`Account SID    ${accountSid}`)
        print(`Auth token     ${token}`)
        print(`API reference  ${url}/docs/`)
        print('')
        print(`Who was in ${SHOWN_ROOM}:`)
        print(`curl -s -u ${accountSid}:${token} '${url}/v1/Video/Rooms/${room}/Participants?PageSize=3'`)
        print('The rooms of the day:')
        print(`curl -s -u ${accountSid}:${token} ${url}/v1/Video/Rooms`)
        print('')
        print('Ctrl-C stops it; nothing is kept.')
        if (!stop.aborted) await once(stop, 'abort')
      } finally {
        await close()
      }
    } finally {
      await store.close()
      await rm(database, { recursive: true, force: true })
    }
  },
}
