import { createInterface } from 'node:readline/promises'
import { inspect, parseArgs } from 'node:util'
import { type Command, CommandError } from './cli/command.ts'
import { commandHelp, programHelp } from './cli/help.ts'
import { commands } from './cli/index.ts'
import { ConfigError, readConfig, SETTINGS, type SettingName } from './config.ts'
import { VERSION } from './version.ts'

const USAGE_EXIT_CODE = 2

// Who reads the output, as `head` does, may have read enough.
process.stdout.on('error', error => process.exit('code' in error && error.code === 'EPIPE' ? 0 : 1))

// A rejection that nothing handles arrives here too.
process.on('uncaughtException', error => {
  process.stderr.write(`rollcall: The process ends, because nothing handles this error: ${inspect(error)}\n`)
  process.exit(1)
})

process.exitCode = await main(process.argv.slice(2))

/** Runs the command that the arguments name; the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const print = (line: string) => void process.stdout.write(`${line}\n`)
  if (argv[0] === '--version') {
    print(VERSION)
    return 0
  }
  if (argv[0] === 'help') return await main([...argv.slice(1), '--help'])
  const command = findCommand(argv)
  if (command === undefined) {
    const words = argv.filter(word => word !== '--help' && word !== '-h')
    const isGroup = words.length === 1 && commands.some(({ name }) => name.startsWith(`${words[0]} `))
    const isAsked = argv.length === 0 || (words.length < argv.length && (words.length === 0 || isGroup))
    const help = programHelp(commands.filter(isUnder(argv)), VERSION)
    if (isAsked) print(help)
    else process.stderr.write(`rollcall: unknown command: ${argv.join(' ')}\n\n${help}\n`)
    return isAsked ? 0 : USAGE_EXIT_CODE
  }
  try {
    await runCommand(command, argv.slice(command.name.split(' ').length), print)
    return 0
  } catch (error) {
    if (isUsageError(error)) {
      process.stderr.write(`rollcall: ${usageProblem(error)}\nSee rollcall ${command.name} --help.\n`)
      return USAGE_EXIT_CODE
    }
    process.stderr.write(`rollcall: ${error instanceof CommandError ? error.message : String(error)}\n`)
    return 1
  }
}

async function runCommand(command: Command, argv: readonly string[], print: (line: string) => void) {
  const flags = command.settings
    .filter(name => !('secret' in SETTINGS[name]))
    .map(name => SETTINGS[name].flag)
  const takesValue = (flag: string) => command.options[flag]?.[0] !== ''
  const options = Object.fromEntries(
    [...flags, ...Object.keys(command.options)].map(
      flag => [flag, { type: takesValue(flag) ? 'string' : 'boolean' }] as const,
    ),
  )
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { ...options, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  })
  if (values.help === true) return print(commandHelp(command))
  const expected = command.args === '' ? 0 : command.args.split(' ').length
  if (positionals.length !== expected) {
    throw new ConfigError(`${command.name} takes ${command.args === '' ? 'no arguments' : command.args}.`)
  }
  const given: Record<string, string | undefined> = Object.fromEntries(
    Object.entries(values).map(([flag, value]) => [flag, value === undefined ? undefined : String(value)]),
  )
  const flagged = command.settings.map(name => [name, given[SETTINGS[name].flag]] as const)
  // A setting that the command does not heed cannot stop it, however it is set.
  const heeded = command.settings.map(name => [SETTINGS[name].env, process.env[SETTINGS[name].env]] as const)
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort())
  await command.run({
    options: given,
    args: positionals,
    config: readConfig(
      Object.fromEntries(flagged) as Partial<Record<SettingName, string>>, // the command's own settings
      Object.fromEntries(heeded),
    ),
    print,
    readLine,
    clock: Date.now,
    stop: stop.signal,
  })
}

function findCommand(argv: readonly string[]): Command | undefined {
  return commands.find(({ name }) => name.split(' ').every((word, index) => argv[index] === word))
}

/** `rollcall feed --help` tells of the feed commands alone. */
function isUnder(argv: readonly string[]): (command: Command) => boolean {
  const group = commands.filter(({ name }) => name.split(' ')[0] === argv[0])
  return command => group.length === 0 || group.includes(command)
}

function isUsageError(error: unknown): error is Error {
  return (
    error instanceof ConfigError ||
    (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
  )
}

/** The first sentence of what parseArgs says: the rest is advice on arguments that begin with a dash. */
function usageProblem(error: Error): string {
  return error instanceof ConfigError ? error.message : `${error.message.split(/\.\s/, 1)[0]}.`
}

async function readLine(prompt: string): Promise<string> {
  const lines = createInterface({
    input: process.stdin,
    output: process.stderr,
    terminal: process.stdin.isTTY,
  })
  try {
    if (process.stdin.isTTY) return await lines.question(prompt)
    for await (const line of lines) return line
    return ''
  } finally {
    lines.close()
  }
}
