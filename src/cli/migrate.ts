import type { Database } from '../store/engine/database.ts'
import { inDialect } from '../store/engine/dialect.ts'
import { openDatabase } from '../store/open-store.ts'
import { pendingSpreading, spread } from '../store/schema/citus.ts'
import { type Migration, migrate, pendingMigrations } from '../store/schema/migrate.ts'
import { type Command, type CommandContext, CommandError } from './command.ts'

export const migrateCommand: Command = {
  name: 'migrate',
  summary: "Bring the database to this program's schema, as the first start does",
  args: '',
  options: {
    'dry-run': ['', 'Print the SQL that would run, and run nothing'],
    citus: ['', 'Spread the tables over the nodes of Citus, whose extension is in the database'],
  },
  settings: ['database'],
  run: context => withDatabase(context, context.options['dry-run'] === undefined ? bringUp : show),
}

async function bringUp(database: Database, { options, print }: CommandContext): Promise<void> {
  const done = await migrate(database)
  print(done.length === 0 ? 'The schema is up to date.' : `The schema is migrated: ${versionsOf(done)}.`)
  const problem = await database.problem()
  if (problem !== undefined) throw new CommandError(problem)
  if (options['citus'] === undefined) return
  await spread(database, table => print(`${table} is spread.`))
  print('All tables are spread.')
}

async function show(database: Database, { options, print }: CommandContext): Promise<void> {
  const pending = await pendingMigrations(database)
  if (pending.length === 0) print('-- The schema is up to date.')
  for (const { version, statements } of pending) {
    print(`-- version ${version}`)
    for (const statement of statements) print(`${inDialect(database.dialect, statement.trim())};`)
  }
  if (options['citus'] === undefined) return
  const tables = await pendingSpreading(database)
  if (tables.length === 0) print('-- All tables are spread.')
  for (const { statements } of tables) for (const statement of statements) print(`${statement};`)
}

function versionsOf(migrations: readonly Migration[]): string {
  return migrations.map(({ version }) => `version ${version}`).join(', ')
}

/** The schema is as it is: opening a store would migrate it. */
async function withDatabase(
  context: CommandContext,
  work: (database: Database, context: CommandContext) => Promise<void>,
): Promise<void> {
  const database = openDatabase(context.config.database)
  try {
    await work(database, context)
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error))
  } finally {
    await database.close()
  }
}
