import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { NeedsRepairError } from '../database.ts'

/**
 * The files of a database that is open: the database, its write-ahead log and the index of that. What is written to a
 * file that was deleted or replaced is lost when the process ends.
 */
export interface OpenFiles {
  /** Throws NeedsRepairError if a path no longer leads to the file that was there. Costs a few microseconds. */
  check(): void
}

/** Notes which files are at the paths now. To be called while the database is open, and has been read. */
export function openFiles(file: string): OpenFiles {
  const opened = [file, `${file}-wal`, `${file}-shm`].map(path => ({ path, id: idOf(path) }))
  return {
    check() {
      for (const { path, id } of opened) {
        if (idOf(path) === id) continue
        throw new NeedsRepairError(
          `The file ${basename(path)} was deleted, renamed or replaced while this process has it open, and nothing is stored any more: put it back, or see docs/operations.md before you restart the process.`,
        )
      }
    },
  }
}

/** The device and the number of the file at a path; undefined if there is none. */
function idOf(path: string): string | undefined {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
    return stat && `${stat.dev} ${stat.ino}`
  } catch {
    return undefined
  }
}
