import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { readConfig, SETTINGS, type Setting } from '../../src/config.ts'
import { copiesOf, instructionsOf, linesOf, unitOf, variablesOf } from '../support/deploy-files.ts'
import { problemOfCommand } from '../support/documented-command.ts'
import { readDocument } from '../support/markdown.ts'
import { runProgram, temporaryFolder } from '../support/program.ts'
import { startServe } from '../support/running-server.ts'
import { shellCommands } from '../support/shell.ts'

const ROOT = join(import.meta.dirname, '../..')
/** The variables that the driver of PostgreSQL reads itself. */
const OF_THE_DRIVER = ['PGPASSWORD']
/** The variables that the image of PostgreSQL reads. */
const OF_POSTGRES = ['POSTGRES_DB', 'POSTGRES_INITDB_ARGS', 'POSTGRES_PASSWORD', 'POSTGRES_USER']
const TAGGED = /^[\w./-]+:[\w.-]+$/
const MUST_BE_SET = /^\$\{(\w+):\?[^}]+\}$/

interface Service {
  readonly image?: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly environment: Readonly<Record<string, string>>
  readonly env_file?: string
  readonly depends_on?: Readonly<Record<string, unknown>>
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly healthcheck: { readonly test: readonly string[] }
}

const manifest: { bin: { rollcall: string }; engines: { node: string } } = JSON.parse(read('package.json'))
const unit = unitOf(read('deploy/rollcall.service'))
const instructions = instructionsOf(read('deploy/Dockerfile'))
const image = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'))
const imageEnv = variablesOf(inImage('ENV').replaceAll(' ', '\n'))
const compose: { services: Record<'postgres' | 'rollcall', Service>; volumes: object } = parse(
  read('deploy/compose.yaml'),
)
const { postgres, rollcall } = compose.services
const installation = readDocument(join(ROOT, 'docs/operations.md')).blocks.map(({ text }) => text)

test('the unit runs the program where the documented commands install it', () => {
  const commands = installation.filter(text => text.includes('systemctl')).flatMap(commandsOf)
  const [program = '', ...args] = directive('ExecStart').split(' ')
  assert.equal(problemOfCommand([basename(program), ...args], true), undefined)
  const npm = commands.find(words => words.includes('--prefix')) ?? []
  assert.equal(program, `${npm[npm.indexOf('--prefix') + 1]}/bin/rollcall`)
  const placed = commands.flatMap(([name, ...words]) => (name === 'install' ? [words.slice(-2)] : []))
  assert.deepEqual(placed, [
    ['deploy/rollcall.env', directive('EnvironmentFile')],
    ['deploy/rollcall.service', '/etc/systemd/system/rollcall.service'],
  ])
  assert.equal(commands.find(([name]) => name === 'useradd')?.at(-1), directive('User'))
  assert.equal(unit.get('Service.MemoryDenyWriteExecute'), undefined, 'V8 compiles while it runs')
})

test('the variables in rollcall.env are settings, and the database is in the folder of the unit', () => {
  const example = read('deploy/rollcall.env')
  const set = variablesOf(example)
  const { database } = readConfig({}, set)
  assert.equal(database, `/var/lib/${directive('StateDirectory')}`)
  assert.equal(database, directive('WorkingDirectory'))
  assertVariables({ ...set, ...variablesOf(example.replace(/^#(?=\w)/gm, '')) }, OF_THE_DRIVER)
})

test('the image is built from files of the repository, on the Node that the program needs', () => {
  for (const { rest } of instructions.filter(({ name }) => name === 'FROM')) {
    const [from = ''] = rest.split(' ')
    assert.match(from, TAGGED)
    assert.equal(`>=${/^node:(\d+)-/.exec(from)?.[1]}`, manifest.engines.node)
  }
  const own = copiesOf(instructions).filter(({ from }) => from === undefined)
  const paths = [...new Set(own.map(({ source }) => source))].sort()
  for (const path of paths) assert.ok(existsSync(join(ROOT, path)), path)
  const [rest, ...kept] = linesOf(read('.dockerignore'))
  assert.equal(rest, '*')
  assert.deepEqual(kept.map(line => line.replace(/^!/, '')).sort(), paths)
  const commands = instructions.flatMap(({ name, rest }) => (name === 'RUN' ? commandsOf(rest) : []))
  for (const words of commands) assert.equal(problemOfCommand(words, true), undefined, words.join(' '))
  const npm = commands.filter(([name]) => name === 'npm')
  assert.deepEqual(npm.at(-1), ['npm', 'ci', '--omit=dev'], 'what only the build needs is not in the image')
})

test('the image has the files of the package, runs the program, and listens on the port that it exposes', () => {
  const home = inImage('WORKDIR')
  const { compilerOptions }: { compilerOptions: { outDir: string } } = JSON.parse(read('tsconfig.build.json'))
  const file = manifest.bin.rollcall
  const copies = copiesOf(image).map(({ from, source, to }) => [
    to,
    from === undefined ? source : `${from}:${source}`,
  ])
  assert.deepEqual(Object.fromEntries(copies), {
    ...{ 'package.json': 'package.json', LICENSE: 'LICENSE', [dirname(file)]: dirname(file) },
    [compilerOptions.outDir]: `build:${home}/${compilerOptions.outDir}`,
    node_modules: `build:${home}/node_modules`,
  })
  assert.ok(statSync(join(ROOT, file)).mode & 0o001, 'users other than its owner can run it')

  const commands = commandsOf(inImage('RUN'))
  const start: string[] = [...JSON.parse(inImage('ENTRYPOINT')), ...JSON.parse(inImage('CMD'))]
  assert.equal(problemOfCommand(start, true), undefined)
  const link = commands.find(([name]) => name === 'ln')
  assert.deepEqual(link?.slice(-2), [`${home}/${file}`, `/usr/local/bin/${start[0]}`])

  assertVariables(imageEnv, ['NODE_ENV'])
  const { host, port, database } = readConfig({}, imageEnv)
  assert.deepEqual([host, String(port), database], ['0.0.0.0', inImage('EXPOSE'), inImage('VOLUME')])
  const folder = commands.find(([name]) => name === 'install')
  assert.deepEqual(folder?.slice(1, 4), ['-d', '-o', inImage('USER')])
  assert.equal(folder?.at(-1), database)
})

test('the services are built or have a tag, name each other, and have only variables that they read', () => {
  assert.match(postgres.image ?? '', TAGGED)
  assert.deepEqual(rollcall.build, { context: '..', dockerfile: 'deploy/Dockerfile' })
  assert.deepEqual(rollcall.depends_on, { postgres: { condition: 'service_healthy' } })
  assert.deepEqual(
    postgres.volumes?.map(volume => volume.split(':', 1)[0]),
    Object.keys(compose.volumes),
  )
  assert.deepEqual(
    rollcall.ports?.map(port => port.split(':').at(-1)),
    [inImage('EXPOSE')],
  )
  const { POSTGRES_USER: user, POSTGRES_DB: name, POSTGRES_PASSWORD: password } = postgres.environment
  const { DATABASE_URL: url, PGPASSWORD: given, ...others } = rollcall.environment
  assert.deepEqual([url, given], [`postgres://${user}@postgres/${name}`, password])
  assertVariables(others, [])
  assert.deepEqual(Object.keys(postgres.environment).sort(), OF_POSTGRES)
  const about = ['--host=127.0.0.1', `--username=${user}`, `--dbname=${name}`]
  assert.deepEqual(postgres.healthcheck.test, ['CMD', 'pg_isready', ...about])
})

test('the documented commands set every variable that must be set, in a file that only its owner can read', async t => {
  const cwd = await temporaryFolder(t)
  const path = join('deploy', rollcall.env_file ?? '')
  mkdirSync(join(cwd, 'deploy'))
  const lines = installation.find(text => text.includes(`>${path}`))?.replace(/^docker .*$/gm, '') ?? 'false'
  const made = await runProgram({ cwd, args: ['-c', lines], command: ['sh'] })
  assert.deepEqual(made, { exitCode: 0, stdout: '', stderr: '' })
  assert.equal(statSync(join(cwd, path)).mode & 0o777, 0o600)
  const variables = variablesOf(readFileSync(join(cwd, path), 'utf8'))
  const given = [postgres, rollcall].flatMap(({ environment }) => Object.entries(environment))
  for (const [name, value] of given)
    if (/PASSWORD|TOKEN|SECRET/.test(name)) assert.match(value, MUST_BE_SET, name)
  const needed = given.flatMap(([, value]) => MUST_BE_SET.exec(value)?.[1] ?? [])
  assert.deepEqual([...new Set(needed)].sort(), Object.keys(variables).sort())
  const { accountSid, authToken } = readConfig({}, variables)
  assert.deepEqual(
    [accountSid, authToken],
    [variables['ROLLCALL_ACCOUNT_SID'], variables['ROLLCALL_AUTH_TOKEN']],
  )
})

test('the health checks succeed for a healthy server, and fail for an unhealthy one and for none', async t => {
  const cwd = await temporaryFolder(t)
  const { url } = await startServe(t, { cwd, env: { HOST: imageEnv['HOST'] ?? '' } })
  const unwell = createServer((_, response) => response.writeHead(503).end()).listen(0, '127.0.0.1')
  t.after(() => unwell.close())
  await once(unwell, 'listening')
  const address = unwell.address()
  assert.ok(typeof address === 'object' && address !== null)
  const [, ofImage = ''] = /(\[.*\])$/.exec(inImage('HEALTHCHECK')) ?? []
  const checks: [string, string[]][] = [
    ['/healthz', ['CMD', ...JSON.parse(ofImage)]],
    ['/readyz', [...rollcall.healthcheck.test]],
  ]
  const codes = async (port: string) => {
    const ended = checks.map(async ([, [kind, program, ...args]]) => {
      assert.deepEqual([kind, program], ['CMD', 'node'])
      return (await runProgram({ cwd, args, command: [process.execPath], env: { PORT: port } })).exitCode
    })
    return await Promise.all(ended)
  }
  for (const [path, words] of checks) assert.ok(words.at(-1)?.includes(`'${path}'`), path)
  assert.deepEqual(await codes(new URL(url).port), [0, 0])
  assert.deepEqual(await codes(String(address.port)), [1, 1])
  await new Promise(closed => unwell.close(closed))
  assert.deepEqual(await codes(String(address.port)), [1, 1])
})

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

function directive(name: string): string {
  const value = unit.get(`Service.${name}`)
  assert.ok(value !== undefined, name)
  return value
}

/** The arguments of an instruction of the final image. There must be exactly one. */
function inImage(instruction: string): string {
  const [one, ...others] = image.filter(({ name }) => name === instruction)
  assert.ok(one !== undefined && others.length === 0, instruction)
  return one.rest
}

function commandsOf(text: string): (readonly string[])[] {
  return shellCommands(text).map(({ words }) => words)
}

/** Asserts that each variable is one of `others`, or a setting whose value is valid or has yet to be set. */
function assertVariables(variables: Readonly<Record<string, string>>, others: readonly string[]): void {
  const settings = Object.values<Setting<unknown>>(SETTINGS)
  for (const [name, value] of Object.entries(variables)) {
    const setting = settings.find(({ env }) => env === name)
    assert.ok(setting !== undefined || others.includes(name), `${name} is a setting`)
    if (value !== '' && !MUST_BE_SET.test(value)) setting?.parse(value)
  }
}
