import { createHash } from 'node:crypto'
import { access, readFile, symlink, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Command, runCommand } from './run-command.ts'

/** The SDKs: which tools each needs, how it is downloaded and built, and how its programs start. */
export const officialSdks: readonly OfficialSdk[] = [
  {
    name: 'node',
    tools: [],
    example: { language: 'js', fileName: 'example.mjs' },
    prepare: prepareNode,
  },
  {
    name: 'python',
    tools: [{ command: 'python3', args: ['-c', 'import venv, ensurepip'] }],
    example: { language: 'python', fileName: 'example.py' },
    prepare: preparePython,
  },
  {
    name: 'go',
    tools: [{ command: 'go', args: ['version'] }],
    example: { language: 'go', fileName: 'example.go' },
    prepare: prepareGo,
  },
  {
    name: 'java',
    tools: [
      { command: 'mvn', args: ['-version'] },
      { command: 'javac', args: ['-version'] },
    ],
    example: { language: 'java', fileName: 'Example.java' },
    prepare: prepareJava,
  },
  {
    name: 'ruby',
    tools: [
      { command: 'ruby', args: ['--version'] },
      { command: 'gem', args: ['--version'] },
    ],
    example: { language: 'ruby', fileName: 'example.rb' },
    prepare: prepareRuby,
  },
  {
    name: 'php',
    tools: [
      { command: 'php', args: ['--version'] },
      { command: 'composer', args: ['--version'] },
    ],
    example: { language: 'php', fileName: 'example.php' },
    prepare: preparePhp,
  },
]

/** The package registry of a language cannot be reached, so that its SDK cannot be installed. */
export class NoRegistryError extends Error {}

export interface OfficialSdk {
  name: string
  /** Commands that succeed if the tools are installed. */
  tools: readonly Command[]
  /** The language of its example in docs/sdks.md, and the name of the file to write it to. */
  example: { language: string; fileName: string }
  prepare(place: Place): Promise<Programs>
}

/** How the programs of one SDK are started. */
export interface Programs {
  /** The program that runs the checks. Other tests check the SDK for Node; of Ruby and PHP, only the example runs. */
  checks: Command | null
  example(file: string): Command
}

export interface Place {
  /** A folder that is removed after the run. */
  tempFolder: string
  signal: AbortSignal
}

async function prepareNode({ tempFolder }: Place): Promise<Programs> {
  // So that an example outside of the repository finds the SDK.
  await symlink(join(import.meta.dirname, '../../node_modules'), join(tempFolder, 'node_modules'))
  return { checks: null, example: file => ({ command: process.execPath, args: [file] }) }
}

async function preparePython({ signal }: Place): Promise<Programs> {
  const folder = join(import.meta.dirname, 'python')
  const requirements = join(folder, 'requirements.txt')
  const version = await mustRun({ command: 'python3', args: ['--version'] }, signal)
  const contents = await readFile(requirements, 'utf8')
  const key = createHash('sha256').update(version).update(contents).digest('hex').slice(0, 16)
  const venv = join(cacheFolder(), `python-${key}`)
  const complete = join(venv, 'complete')
  const command = join(venv, 'bin', 'python')
  if (!(await exists(complete))) {
    await mustRun({ command: 'python3', args: ['-m', 'venv', '--clear', venv] }, signal)
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input']
    await mustRun({ command, args: [...pip, '-r', requirements] }, signal)
    await writeFile(complete, '')
  }
  const options = ['-B', '-X', 'utf8']
  return {
    checks: { command, args: [...options, join(folder, 'check.py')] },
    example: file => ({ command, args: [...options, file] }),
  }
}

async function prepareGo({ tempFolder, signal }: Place): Promise<Programs> {
  const cwd = join(import.meta.dirname, 'go')
  const options = ['-buildvcs=false', '-mod=readonly']
  const program = join(tempFolder, 'check-go')
  await mustRun({ command: 'go', args: ['build', ...options, '-o', program, '.'], cwd }, signal)
  return {
    checks: { command: program, args: [] },
    example: file => ({ command: 'go', args: ['run', ...options, file], cwd }),
  }
}

async function prepareJava({ tempFolder, signal }: Place): Promise<Programs> {
  const output = join(tempFolder, 'java')
  const classPathFile = join(tempFolder, 'class-path')
  const goals = ['compile', 'dependency:build-classpath']
  const args = ['-q', '-B', ...goals, `-Doutput=${output}`, `-Dmdep.outputFile=${classPathFile}`]
  await mustRun({ command: 'mvn', args, cwd: join(import.meta.dirname, 'java') }, signal)
  const libraries = (await readFile(classPathFile, 'utf8')).trim()
  const options = ['-Dfile.encoding=UTF-8', '-cp']
  return {
    checks: { command: 'java', args: [...options, `${join(output, 'classes')}:${libraries}`, 'CheckSdk'] },
    example: file => ({ command: 'java', args: [...options, libraries, file] }),
  }
}

async function prepareRuby({ signal }: Place): Promise<Programs> {
  const gems = join(cacheFolder(), 'ruby-twilio-7.11.1')
  const args = ['install', '--no-document', '--install-dir', gems, 'twilio-ruby', '--version', '7.11.1']
  if (!(await exists(join(gems, 'complete')))) {
    await mustDownload({ command: 'gem', args }, signal)
    await writeFile(join(gems, 'complete'), '')
  }
  const example = (file: string): Command => ({ command: 'ruby', args: [file], env: { GEM_PATH: gems } })
  return { checks: null, example }
}

async function preparePhp({ tempFolder, signal }: Place): Promise<Programs> {
  // The example requires vendor/autoload.php, which is beside it.
  const options = ['--no-interaction', '--no-progress', `--working-dir=${tempFolder}`]
  const args = ['require', ...options, 'twilio/sdk:8.12.0']
  await mustDownload({ command: 'composer', args, env: { COMPOSER_ALLOW_SUPERUSER: '1' } }, signal)
  return { checks: null, example: file => ({ command: 'php', args: [file], cwd: tempFolder }) }
}

/** Runs a command that downloads. Throws NoRegistryError if it cannot, and another error for another failure. */
async function mustDownload(command: Command, signal: AbortSignal): Promise<void> {
  try {
    await mustRun(command, signal)
  } catch (error) {
    const text = error instanceof Error ? error.message : ''
    if (!/getaddrinfo|failed to open tcp|curl error (?:6|7|28)\b/i.test(text)) throw error
    throw new NoRegistryError(`${command.command} cannot reach the registry of its packages`)
  }
}

async function mustRun(command: Command, signal: AbortSignal): Promise<string> {
  const { exitCode, output } = await runCommand(command, { signal })
  if (exitCode === 0) return output
  throw new Error(`${command.command} ${command.args.join(' ')}: exit code ${exitCode}\n${output}`)
}

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'rollcall', 'sdks')
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
