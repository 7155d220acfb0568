import { feeds } from '../feeds/index.ts'
import { rebuild } from '../ingest/rebuild/rebuild.ts'
import { type Command, CommandError } from './command.ts'
import { progressBar } from './progress-bar.ts'
import { withStore } from './with-store.ts'

export const rebuildCommand: Command = {
  name: 'rebuild',
  summary: 'Make every record again from the stored payloads; a running server goes on answering',
  args: '',
  options: {},
  settings: ['database', 'mediaRegions', 'publisherAttributes'],
  run: context =>
    withStore(context, async store => {
      const { config, stop, print } = context
      const bar = progressBar('rooms')
      const rebuilding = rebuild({ store, feeds, settings: config, progress: bar.show, stop })
      const { rooms, isWhole } = await rebuilding.finally(bar.end)
      if (!isWhole) throw new CommandError(`Stopped after ${rooms} rooms: run it again to rebuild all.`)
      print(`${rooms} rooms are rebuilt.`)
    }),
}
