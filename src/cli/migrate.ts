import type { Database } from '../store/engine/database.ts'
import { DIALECTS } from '../store/engine/dialect.ts'
import { exists, openDatabase, openExisting } from '../store/open-store.ts'
import { pendingSpreading, spread, spreadingProblem } from '../store/schema/citus.ts'
import { type Migration, migrate, migrationsAfter, pendingMigrations } from '../store/schema/migrate.ts'
import { type Command, type CommandContext, CommandError } from './command.ts'

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'Migrate the database to the schema of this version, as the first start does',
  args: '',
  options: {
    'dry-run': ['', 'Print the SQL that would run, without running it'],
    citus: ['', 'Distribute the tables over the nodes of Citus; the database must have the citus extension'],
  },
  settings: ['database'],
  async run(context) {
    if (context.options['dry-run'] === undefined) return await withDatabase(context, openDatabase, bringUp)
    if (exists(context.config.database)) return await withDatabase(context, openExisting, show)
    context.print('-- There is no database yet.')
    showMigrations(migrationsAfter(DIALECTS.sqlite, 0), context)
  },
}

async function bringUp(database: Database, { options, print, clock }: CommandContext): Promise<void> {
  const done = await migrate(database)
  print(done.length === 0 ? 'The schema is up to date.' : `The schema is migrated: ${versionsOf(done)}.`)
  const problem = await database.problem()
  if (problem !== undefined) throw new CommandError(problem)
  if (options['citus'] === undefined) {
    const unfinished = await spreadingProblem(database)
    if (unfinished !== undefined) throw new CommandError(unfinished)
    return
  }
  await spread(database, clock, print)
  print('All tables are distributed.')
}

async function show(database: Database, { options, print }: CommandContext): Promise<void> {
  const pending = await pendingMigrations(database)
  if (pending.length === 0) print('-- The schema is up to date.')
  showMigrations(pending, { print })
  if (options['citus'] === undefined) return
  const steps = await pendingSpreading(database)
  if (steps.length === 0) print('-- All tables are distributed.')
  for (const { statements } of steps) for (const statement of statements) print(`${statement};`)
}

function showMigrations(pending: readonly Migration[], { print }: Pick<CommandContext, 'print'>): void {
  for (const { version, statements, convert } of pending) {
    print(`-- version ${version}`)
    for (const statement of statements) print(`${statement.trim()};`)
    if (convert !== undefined) print(`-- ${convert.what}`)
  }
}

function versionsOf(migrations: readonly Migration[]): string {
  return migrations.map(({ version }) => `version ${version}`).join(', ')
}

/** Opens the database, runs `work`, and closes the database. Turns every error into a CommandError. */
async function withDatabase(
  context: CommandContext,
  open: (place: string) => Database,
  work: (database: Database, context: CommandContext) => Promise<void>,
): Promise<void> {
  try {
    const database = open(context.config.database)
    await work(database, context).finally(() => database.close())
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error))
  }
}
