import { initial } from './0001-initial.ts'
import { evidence } from './0002-evidence.ts'
import { processes } from './0003-processes.ts'

/** The schema's versions, oldest first: the n-th brings version n. Only ever added to. */
export const migrations: readonly string[] = [initial, evidence, processes]
