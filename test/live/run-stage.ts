import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { runInNamespace } from './namespace.ts'

/**
 * Runs a script of the live tests in a namespace, with a folder of its own for temporary files. Logs are written there
 * too, unless `logs` names another folder. Resolves to the exit code.
 */
export async function runStage(
  script: string,
  { args, logs, limitMs }: { args: string[]; logs: string | undefined; limitMs: number },
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-live-'))
  const logFolder = logs === undefined ? folder : resolve(logs)
  mkdirSync(logFolder, { recursive: true })
  try {
    const command = [process.execPath, script, ...args, '--logs', logFolder]
    const exitCode = await runInNamespace(command, { TMPDIR: folder }, limitMs)
    if (exitCode === null) console.log('0 passed, 1 failed')
    return exitCode ?? 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
