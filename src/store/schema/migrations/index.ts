import type { Connection } from '../../engine/database.ts'
import type { Dialect } from '../../engine/dialect.ts'
import { initial } from './0001-initial.ts'
import { evidence } from './0002-evidence.ts'
import { processes } from './0003-processes.ts'
import { oneRoad } from './0004-one-road.ts'
import { convertMemory } from './convert-memory.ts'

/** What brings one version of the schema from the one before it. */
export interface MigrationText {
  /** The statements in the engine's words, parted by `;` at the end of a line. */
  readonly statements: (dialect: Dialect) => string
  /** Changes what SQL cannot, after the statements and in their transaction; `what` says it in a sentence. */
  readonly convert?: { readonly what: string; run(connection: Connection): Promise<void> }
}

/** The schema's versions, oldest first: the n-th brings version n. Only ever added to. */
export const migrations: readonly MigrationText[] = [
  { statements: initial },
  { statements: evidence },
  { statements: processes },
  { statements: oneRoad, convert: convertMemory },
]
