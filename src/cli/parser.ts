import { type CommanderError, Help, InvalidArgumentError, Option, Command as Parser } from 'commander'
import { SETTINGS, type Setting } from '../config.ts'
import { VERSION } from '../version.ts'
import type { Command, CommandContext } from './command.ts'
import { UsageError } from './usage-error.ts'

/** What stands on the command line: options by their flags without dashes, and arguments. */
export type Given = Pick<CommandContext, 'options' | 'args'>

export interface Wiring {
  readonly argv: readonly string[]
  /** Writes the help and the version. */
  readonly writeOut: (text: string) => void
  /** Runs the command that the arguments name. */
  readonly run: (command: Command, given: Given) => Promise<void>
}

/**
 * The commander parser of the program; commands of two words are in groups. Parsing throws UsageError for arguments
 * that no command takes, and CommanderError with exit code 0 after it has printed the help of a command or the version.
 */
export function parserOf(commands: readonly Command[], wiring: Wiring): Parser {
  const program = new Parser('rollcall')
    .description(`rollcall ${VERSION}: who was in the room, when, for how long, and why they left`)
    .version(VERSION, '--version', 'Print the version')
    .enablePositionalOptions()
    .helpCommand(false)
    .configureOutput({ writeOut: wiring.writeOut, outputError: () => {} })
    .exitOverride()
  addCommandHelp(program)
  const groups = new Map<string, Parser>()
  for (const command of commands) {
    const [first = '', second] = command.name.split(' ')
    if (second === undefined) {
      addCommand(program.command(first), command, wiring)
      continue
    }
    const group = groups.get(first) ?? addCommandHelp(program.command(first))
    groups.set(first, group)
    addCommand(group.command(second), command, wiring)
  }
  return program
}

/** The program and each group list their commands when asked, and refuse words that name no command. */
function addCommandHelp(parser: Parser): Parser {
  return parser
    .usage('<command> [options]')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .configureHelp({
      visibleCommands: ({ commands }) =>
        commands.flatMap(one => (one.commands.length === 0 ? one : one.commands)),
      subcommandTerm: one =>
        [...wordsOf(one), ...one.registeredArguments.map(argument => `<${argument.name()}>`)].join(' '),
      formatHelp: (one, helper) =>
        `${new Help().formatHelp(one, helper)}\nrollcall <command> --help prints the options of a command.\n`,
    })
    .action(() => {
      const [first] = parser.args
      const isAsked = first === '--help' || first === '-h' || (first === undefined && parser.parent === null)
      if (isAsked) return parser.outputHelp()
      const words = [...wordsOf(parser), ...parser.args]
      throw new UsageError(`unknown command: ${words.join(' ')}\n\n${parser.helpInformation().trimEnd()}`)
    })
}

function addCommand(parser: Parser, command: Command, { argv, run }: Wiring): void {
  const settings = command.settings.map((name): Setting<unknown> => SETTINGS[name])
  const secrets = settings.filter(({ secret }) => secret === true)
  const options = Object.entries(command.options).map(([flag, [value, help]]) =>
    optionOf(flag, value, help, argv),
  )
  const flags = settings
    .filter(setting => !secrets.includes(setting))
    .map(setting =>
      optionOf(setting.flag, setting.value, helpOf(setting), argv).helpGroup(
        'Settings, by flag or environment variable:',
      ),
    )
  for (const option of [...options, ...flags]) parser.addOption(option)
  if (command.args !== '') parser.arguments(command.args)
  parser
    .description(command.summary)
    .usage(`${command.args} [options]`.trim())
    .helpOption('-h, --help', 'Print this help')
    .allowUnknownOption(false)
    .allowExcessArguments(false)
    .exitOverride(error => {
      throw error.exitCode === 0 ? error : new UsageError(problemOf(error, command), command.name)
    })
    .configureHelp({
      formatHelp: (one, helper) => {
        const width = helper.padWidth(one, helper)
        const rows = secrets.map(({ env, help }) => helper.formatItem(env, width, help, helper))
        return [
          new Help().formatHelp(one, helper),
          ...helper.formatItemList('Secrets, by environment variable only:', rows, helper),
          ...(command.notes ?? []).map(note => `${helper.boxWrap(note, helper.helpWidth ?? 80)}\n`),
        ].join('\n')
      },
    })
    .action(async () => {
      const values = parser.opts<Record<string, string | true>>()
      const given = parser.options.flatMap(option => {
        const value = values[option.attributeName()]
        return value === undefined ? [] : [[option.name(), String(value)] as const]
      })
      await run(command, { options: Object.fromEntries(given), args: parser.args })
    })
}

/** A value that begins with a dash is more likely the next flag: it is taken only as `--flag=-value`. */
function optionOf(flag: string, value: string, help: string, argv: readonly string[]): Option {
  if (value === '') return new Option(`--${flag}`, help)
  return new Option(`--${flag} <${value}>`, help).argParser(text => {
    if (!text.startsWith('-') || argv.includes(`--${flag}=${text}`)) return text
    throw new InvalidArgumentError(`A value that begins with a dash is written --${flag}=${text}.`)
  })
}

function helpOf({ help, env, default: standard }: Setting<unknown>): string {
  return `${help} (env: ${env}${standard === undefined ? '' : `, default: ${standard}`})`
}

/** What is wrong, as a sentence; commander writes `error: unknown option '--x'`. */
function problemOf({ code, message }: CommanderError, { name, args }: Command): string {
  if (code === 'commander.excessArguments' || code === 'commander.missingArgument') {
    return `${name} takes ${args === '' ? 'no arguments' : args}.`
  }
  const [, first = '', rest = ''] = /^error: ([\s\S])([\s\S]*)$/.exec(message) ?? []
  const sentence = first.toUpperCase() + rest
  return /[.)]$/.test(sentence) ? sentence : `${sentence}.`
}

/** The words that name a command, without the program's own. */
function wordsOf(parser: Parser): string[] {
  return parser.parent === null ? [] : [...wordsOf(parser.parent), parser.name()]
}
