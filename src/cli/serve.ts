import { once } from 'node:events'
import { SETTINGS, type SettingName } from '../config.ts'
import { feeds } from '../feeds/index.ts'
import type { Command } from './command.ts'
import { ensureDefaultAccount } from './default-account.ts'
import { startServer } from './start-server.ts'
import { withMigratedStore } from './with-store.ts'

export const serve: Command = {
  name: 'serve',
  summary: 'Run the server; the first start makes the default account and prints its token once',
  args: '',
  options: {},
  settings: Object.keys(SETTINGS) as SettingName[], // the keys of the table
  heedsStop: true,
  run: context =>
    withMigratedStore(context, async store => {
      const { config, clock, print, stop } = context
      const { accountSid, newToken } = await ensureDefaultAccount(store, config, clock())
      print(`Account SID    ${accountSid}`)
      if (newToken !== undefined) {
        // The token is printed before the server listens: it must not be lost where listening fails.
        print(`Auth token     ${newToken}`)
        print(`               It is shown this once; rollcall account rotate ${accountSid} makes another.`)
      }
      const { url, close } = await startServer({ config, store, clock, accountSid })
      print(`Rollcall listens on ${url}`)
      if (config.livekitApiKey !== undefined) print(`LiveKit key    ${config.livekitApiKey}`)
      print(`API reference  ${url}/docs/`)
      print(`Feeds          ${feeds.map(feed => url + feed.path).join('  ')}`)
      if (!stop.aborted) await once(stop, 'abort')
      await close()
    }),
}
