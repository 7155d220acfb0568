/** The command line or a setting is wrong: the message says how, and where the help of the command is. */
export class UsageError extends Error {
  override name = 'UsageError'

  constructor(problem: string, command?: string) {
    super(command === undefined ? problem : `${problem}\nSee rollcall ${command} --help.`)
  }
}
