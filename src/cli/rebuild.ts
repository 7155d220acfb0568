import { rebuild } from '../ingest/rebuild.ts'
import type { Command } from './command.ts'
import { progressBar } from './progress-bar.ts'
import { withStore } from './with-store.ts'

export const rebuildCommand: Command = {
  name: 'rebuild',
  summary: 'Fold every event again, room by room; a running server goes on answering',
  args: '',
  options: {},
  settings: ['database', 'mediaRegions', 'publisherAttributes'],
  run: context =>
    withStore(context, async store => {
      const bar = progressBar('rooms')
      const rooms = await rebuild(store, context.config, bar.show).finally(bar.end)
      context.print(`${rooms} rooms are rebuilt.`)
    }),
}
