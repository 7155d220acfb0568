import { rebuild } from '../ingest/rebuild.ts'
import type { Command } from './command.ts'
import { withStore } from './with-store.ts'

export const rebuildCommand: Command = {
  name: 'rebuild',
  summary: 'Fold every event again, room by room; a running server goes on answering',
  args: '',
  options: {},
  settings: ['database', 'mediaRegions', 'publisherAttributes'],
  run: context =>
    withStore(context, async store => {
      const rooms = await rebuild(store, context.config, (done, all) => {
        if (done % 1000 === 0 && done < all) context.print(`${done} of ${all} rooms`)
      })
      context.print(`${rooms} rooms are rebuilt.`)
    }),
}
