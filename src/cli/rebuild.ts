import { feeds } from '../feeds/index.ts'
import { rebuild } from '../ingest/rebuild/rebuild.ts'
import { type Command, StoppedError } from './command.ts'
import { counted } from './counted.ts'
import { progressBar } from './progress-bar.ts'
import { withStore } from './with-store.ts'

export const rebuildCommand: Command = {
  name: 'rebuild',
  summary: 'Make every record again from the stored payloads; a running server goes on answering',
  args: '',
  options: {},
  settings: ['database', 'mediaRegions', 'publisherAttributes'],
  heedsStop: true,
  run: context =>
    withStore(context, async store => {
      const { config, stop, print } = context
      const bar = progressBar('rooms')
      const rebuilding = rebuild({ store, feeds, settings: config, progress: bar.show, stop })
      const { rooms, isWhole } = await rebuilding.finally(bar.end)
      if (!isWhole) {
        throw new StoppedError(
          `Stopped after ${counted(rooms, 'room', 'rooms')}: run it again to rebuild all.`,
          stop.reason,
        )
      }
      print(`${counted(rooms, 'room is', 'rooms are')} rebuilt.`)
    }),
}
