import assert from 'node:assert/strict'
import { cp, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join, relative } from 'node:path'
import { type TestContext, test } from 'node:test'
import { VERSION } from '../../src/version.ts'
import { type Ended, runProgram, startProgram, temporaryFolder } from '../support/program.ts'
import { ask, told } from '../support/running-server.ts'

const ROOT = join(import.meta.dirname, '../..')
const NEEDED_MAJOR = 24
const NOT_COPIED = ['node_modules', '.git', 'dist', 'data']
const BIN = 'node_modules/.bin/rollcall'

/** The variables that say how to reach the registry. npm's other variables are about this project. */
const NPM_VARIABLES =
  /^(npm_config_(registry|cache|userconfig|globalconfig)|https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS)$/i

test('the package runs in an empty folder', async t => {
  const folder = await installed(t)

  await t.test('it contains the program and its documents, and nothing else', async () => {
    const files = await filesIn(join(folder, 'node_modules/rollcall'))
    const program = (await filesIn(join(ROOT, 'src'))).map(file => `dist/${file.replace(/\.ts$/, '.js')}`)
    const documents = (await filesIn(join(ROOT, 'docs'))).map(file => `docs/${file}`)
    const deploy = (await filesIn(join(ROOT, 'deploy'))).map(file => `deploy/${file}`)
    const rest = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'bin/rollcall.cjs', 'package.json']
    assert.deepEqual(files, [...program, ...documents, ...deploy, ...rest].sort())
  })

  await t.test('its command prints version and help', async () => {
    const [version, help] = await Promise.all([run(folder, ['--version']), run(folder, ['--help'])])
    assert.deepEqual(version, { exitCode: 0, stdout: `${VERSION}\n`, stderr: '' })
    assert.deepEqual([help.exitCode, help.stderr], [0, ''])
    assert.match(help.stdout, /^ {2}serve /m)
  })

  await t.test('its demo serves the example rooms and the API reference', async t => {
    const invocation = { cwd: folder, args: ['demo', '--port', '0'], command: [BIN], env: env() } as const
    const demo = await startProgram(t, invocation, /^Ctrl-C/m)
    const sid = told(demo.stdout(), /^Account SID +(\S+)$/m)
    const token = told(demo.stdout(), /^Auth token +(\S+)$/m)
    const reference = new URL(told(demo.stdout(), /^API reference +(\S+)$/m))
    const { status, text } = await ask(reference.origin, '/v1/Video/Rooms', sid, token)
    assert.equal(status, 200)
    assert.match(text, /"room_name":"algebra-7b"/)
    assert.match(await (await fetch(reference)).text(), /<html/i)
    const { exitCode, stderr } = await demo.stop('SIGINT')
    assert.deepEqual([exitCode, stderr], [0, ''])
  })

  await t.test('on an older Node it ends with one line that says what is wrong', async t => {
    const preload = join(folder, 'older.cjs')
    await writeFile(
      preload,
      `const versions = { ...process.versions, node: '${NEEDED_MAJOR - 1}.9.9' }
       Object.defineProperty(process, 'versions', { value: versions })
       Object.defineProperty(process, 'version', { value: 'v' + versions.node })`,
    )
    const command = [process.execPath, '--require', preload, BIN] as const
    assertRefused(await runProgram({ cwd: folder, args: ['--version'], command }))

    const older = await olderNode(folder)
    if (older === undefined) t.diagnostic('There is no older Node here: its version was made up.')
    else assertRefused(await runProgram({ cwd: folder, args: ['--version'], command: [older, BIN] }))
  })
})

/** Packs a copy of the project that has a file of an earlier build, and installs the package in an empty folder. */
async function installed(t: TestContext): Promise<string> {
  const copy = await temporaryFolder(t)
  const empty = await temporaryFolder(t)
  const isCopied = (path: string) => !NOT_COPIED.includes(relative(ROOT, path))
  await cp(ROOT, copy, { recursive: true, filter: isCopied })
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  await mkdir(join(copy, 'dist'))
  await writeFile(join(copy, 'dist/removed.js'), '')

  await npm(copy, 'pack', '--pack-destination', copy)
  const [tarball] = (await readdir(copy)).filter(name => name.endsWith('.tgz'))
  assert.equal(tarball, `rollcall-${VERSION}.tgz`)
  await npm(empty, 'install', '--prefer-offline', '--no-audit', '--no-fund', join(copy, tarball))
  return empty
}

async function npm(cwd: string, ...args: string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await runProgram({
    cwd,
    args,
    command: ['npm'],
    env: env(),
    endWithinMs: 60_000,
  })
  assert.equal(exitCode, 0, `npm ${args.join(' ')}: ${stdout}${stderr}`)
}

function run(cwd: string, args: readonly string[]): Promise<Ended> {
  return runProgram({ cwd, args, command: [BIN], env: env() })
}

/** The environment of the program. The Node of this test comes first in PATH, so that the command uses it. */
function env(): Record<string, string> {
  const kept = Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && NPM_VARIABLES.test(name) ? [[name, value] as const] : [],
  )
  const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`
  return { ...Object.fromEntries(kept), PATH: path }
}

function assertRefused({ exitCode, stdout, stderr }: Ended): void {
  assert.deepEqual([exitCode, stdout], [1, ''], stderr)
  assert.match(stderr, /^rollcall needs Node\.js 24 or newer; this is v\d+\.\d+\.\d+ \(.+\)\.\n$/)
}

/** A Node on this machine that is too old for the program; undefined if there is none. */
async function olderNode(cwd: string): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(path => !path.includes('node_modules'))
  for (const file of folders.map(path => join(path, 'node'))) {
    if ((await stat(file).catch(() => undefined)) === undefined) continue
    const { stdout } = await runProgram({ cwd, args: ['--version'], command: [file] })
    if (Number(/^v(\d+)/.exec(stdout)?.[1]) < NEEDED_MAJOR) return file
  }
  return undefined
}

/** The paths of the files below a folder, in order, without `node_modules`. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter(entry => entry.isFile())
    .map(entry => relative(folder, join(entry.parentPath, entry.name)))
    .filter(path => !path.startsWith('node_modules'))
    .sort()
}
