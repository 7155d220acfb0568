import { type Copied, CopyRefusedError, copyStore } from '../store/copy.ts'
import type { Database } from '../store/engine/database.ts'
import { openDatabase, openExisting } from '../store/open-store.ts'
import { placeOf } from '../store/place.ts'
import { refuseOtherSchema } from '../store/schema/migrate.ts'
import { createStore } from '../store/store.ts'
import { UP_WITHIN_MS, uptimeStore } from '../store/uptime.ts'
import { type Command, type CommandContext, CommandError, StoppedError } from './command.ts'
import { counted } from './counted.ts'
import { progressBar } from './progress-bar.ts'
import { UsageError } from './usage-error.ts'

export const copy: Command = {
  name: 'copy',
  summary:
    'Copy everything to another SQLite or PostgreSQL database; a second run copies only what has changed',
  args: '',
  options: {
    from: ['PLACE', 'The database to copy, as for --database'],
    to: ['PLACE', 'An empty database, or one that an earlier run copied to from the same source'],
  },
  settings: [],
  heedsStop: true,
  notes: [
    'The destination is migrated to the schema of this version, which the source must have. No server may run on the destination before the copy is complete.',
    'Every user of the machine can see a password in a URL. Set PGPASSWORD instead, or PGPASSFILE for two databases.',
  ],
  async run(context) {
    const [from, to] = [givenPlace(context, 'from'), givenPlace(context, 'to')]
    await withDatabase('from', from, source =>
      withDatabase('to', to, async destination => {
        const startedAtMs = context.clock()
        const { rows, written, removed, isWhole } = await copyWithProgress(source, destination, context.stop)
        if (!isWhole) {
          throw new StoppedError(
            `Stopped after ${counted(rows, 'row, which stays', 'rows, which stay')}: run it again to go on.`,
            context.stop.reason,
          )
        }
        context.print(
          `${counted(rows, 'row is', 'rows are')} the same in both: ${counted(written, 'was', 'were')} written, ${removed} removed.`,
        )
        const servers = await uptimeStore(source).serversSince(startedAtMs - UP_WITHIN_MS)
        if (servers.length === 0) return
        context.print(
          'A server was up on the source until just now, and rows may have come meanwhile: stop it, and run this again.',
        )
      }),
    )
  },
}

async function copyWithProgress(from: Database, to: Database, stop: AbortSignal): Promise<Copied> {
  const bar = progressBar('rows')
  try {
    return await copyStore(from, to, { progress: bar.show, stop })
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    if (error instanceof CopyRefusedError) throw new CommandError(problem)
    throw new CommandError(`${problem}. What is copied stays: run it again to go on.`)
  } finally {
    bar.end()
  }
}

function givenPlace({ options }: CommandContext, flag: 'from' | 'to'): string {
  const place = options[flag]
  if (place === undefined) throw new CommandError(`--${flag} PLACE is needed.`)
  try {
    placeOf(place)
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    throw new UsageError(`--${flag}: ${problem}.`, 'copy')
  }
  return place
}

/** Opens a database, runs `work` over it and closes it. The source is only read; the destination is migrated. */
async function withDatabase(
  flag: 'from' | 'to',
  place: string,
  work: (database: Database) => Promise<void>,
): Promise<void> {
  const database = await opened(flag, () => (flag === 'from' ? openExisting(place) : openDatabase(place)))
  try {
    await opened(flag, () => createStore(database, flag === 'from' ? refuseOtherSchema : undefined))
    await work(database)
  } finally {
    await database.close()
  }
}

async function opened<T>(flag: 'from' | 'to', open: () => T | Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    throw new CommandError(`Cannot open the database of --${flag}: ${problem}`)
  }
}
