import assert from 'node:assert/strict'
import { join } from 'node:path'
import { CommandError } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/index.ts'
import { readConfig } from '../../src/config.ts'

interface Given {
  readonly args?: readonly string[]
  readonly options?: Readonly<Record<string, string>>
  /** The line that is read from standard input. */
  readonly input?: string
  /** `data` in the folder unless given. */
  readonly database?: string
}

/** Runs a command in this process, in a tenth of the time that the program takes; what it printed. */
export async function runCommand(cwd: string, name: string, given: Given = {}): Promise<string> {
  const command = commands.find(one => one.name === name)
  assert.ok(command !== undefined, name)
  const printed: string[] = []
  await command.run({
    options: given.options ?? {},
    args: given.args ?? [],
    config: readConfig({ database: given.database ?? join(cwd, 'data') }, {}),
    print: line => void printed.push(line),
    readLine: async () => given.input ?? '',
    clock: Date.now,
    stop: new AbortController().signal,
  })
  return printed.map(line => `${line}\n`).join('')
}

/** As `runCommand`, of a command that is refused; the sentence that says why. */
export async function refusal(cwd: string, name: string, given: Given = {}): Promise<string> {
  try {
    await runCommand(cwd, name, given)
  } catch (error) {
    if (error instanceof CommandError) return error.message
    throw error
  }
  throw new Error(`rollcall ${name} was not refused`)
}
