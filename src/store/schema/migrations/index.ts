import type { Connection } from '../../engine/database.ts'
import type { Dialect } from '../../engine/dialect.ts'
import { initial } from './0001-initial.ts'
import { evidence } from './0002-evidence.ts'
import { processes } from './0003-processes.ts'
import { oneRoad } from './0004-one-road.ts'
import { boundedAnswers } from './0005-bounded-answers.ts'
import { mediaServers } from './0005-media-servers.ts'
import { convertMemory } from './convert-memory.ts'

/** The migration from one version of the schema to the next. */
export interface MigrationText {
  /** The statements for an engine, with `;` at the end of each. */
  readonly statements: (dialect: Dialect) => string
  /** Changes that SQL cannot make. They run after the statements, in the same transaction; `what` is a sentence. */
  readonly convert?: { readonly what: string; run(connection: Connection): Promise<void> }
}

/** All migrations, the oldest first: the n-th leads to version n. A released migration is never changed. */
export const migrations: readonly MigrationText[] = [
  { statements: initial },
  { statements: evidence },
  { statements: processes },
  { statements: oneRoad, convert: convertMemory },
  { statements: dialect => mediaServers(dialect) + boundedAnswers(dialect) },
]
