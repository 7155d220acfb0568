import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, test } from 'node:test'
import { runProgram, temporaryFolder } from '../support/program.ts'
import { refusal } from '../support/run-command.ts'
import { ask, rollcall, startServe, told } from '../support/running-server.ts'

const SID = `AC${'0c'.repeat(16)}`
const TOKEN = 'aTokenOfLettersAndDigits0123456789'
const ROOMS = '/v1/Video/Rooms'
const STOP_WITHIN_MS = 2_500

suite('rollcall serve', { concurrency: 2 }, () => {
  test('the first start prints SID and token once, and the API accepts them', async t => {
    const cwd = await temporaryFolder(t)
    const first = await startServe(t, { cwd })
    const token = told(first.stdout(), /^Auth token +([A-Za-z0-9]{40})$/m)
    assert.equal((await ask(first.url, ROOMS, first.accountSid, token)).status, 200)
    const { exitCode, tookMs } = await first.stop('SIGINT')
    assert.equal(exitCode, 0)
    assert.ok(tookMs < STOP_WITHIN_MS, `${tookMs} ms`)

    const second = await startServe(t, { cwd })
    assert.equal(second.accountSid, first.accountSid)
    assert.doesNotMatch(second.stdout() + second.stderr(), new RegExp(`Auth token|${token}`))
    assert.equal((await ask(second.url, ROOMS, first.accountSid, token)).status, 200)
  })

  test('the account of the settings is made, and its token follows the settings', async t => {
    const cwd = await temporaryFolder(t)
    const otherToken = TOKEN.split('').reverse().join('')
    const start = (token: string) =>
      startServe(t, { cwd, env: { ROLLCALL_ACCOUNT_SID: SID, ROLLCALL_AUTH_TOKEN: token } })
    const first = await start(TOKEN)
    assert.equal(first.accountSid, SID)
    assert.doesNotMatch(first.stdout(), /Auth token/)
    assert.equal((await ask(first.url, ROOMS, SID, TOKEN)).status, 200)
    await first.stop()

    const second = await start(otherToken)
    assert.equal((await ask(second.url, ROOMS, SID, otherToken)).status, 200)
    assert.equal((await ask(second.url, ROOMS, SID, TOKEN)).status, 401)
  })

  test('a setting that cannot be read is refused by its name, and nothing is made', async t => {
    const cwd = await temporaryFolder(t)
    const env = { ROLLCALL_AUTH_TOKEN: 'short' }
    const { exitCode, stdout, stderr } = await runProgram({ cwd, args: ['serve'], env })
    assert.deepEqual([exitCode, stdout], [2, ''])
    assert.match(stderr, /^rollcall: ROLLCALL_AUTH_TOKEN: 32 characters or more are expected\.\n/)
    assert.deepEqual(await readdir(cwd), [])
  })

  test('a setting that a command does not use cannot stop it', async t => {
    const cwd = await temporaryFolder(t)
    const env = { ROLLCALL_AUTH_TOKEN: 'short', PORT: '80a', LIVEKIT_API_KEY: 'APIx' }
    const { exitCode, stderr } = await runProgram({ cwd, args: ['account', 'add'], env })
    assert.deepEqual([exitCode, stderr], [0, ''])
  })

  test('a port in use is reported in a sentence, and the token of the first start is not lost', async t => {
    const cwd = await temporaryFolder(t)
    const other = createServer().listen(0, '127.0.0.1')
    t.after(() => other.close())
    await once(other, 'listening')
    const address = other.address()
    assert.ok(typeof address === 'object' && address !== null)
    const port = String(address.port)
    const { exitCode, stdout, stderr } = await rollcall(cwd, ['serve', '--port', port])
    assert.equal(exitCode, 1)
    assert.match(stderr, new RegExp(`^rollcall: Cannot listen on 127\\.0\\.0\\.1:${port} .*\\.$`, 'm'))
    const token = told(stdout, /^Auth token +(\S+)$/m)

    const second = await startServe(t, { cwd })
    assert.equal((await ask(second.url, ROOMS, second.accountSid, token)).status, 200)
  })

  test('only the owner can read the files, whatever the umask', async t => {
    const cwd = await temporaryFolder(t)
    await startServe(t, { cwd, umask: 0 })
    const files = await readdir(join(cwd, 'data'))
    assert.deepEqual(files.sort(), ['rollcall.db', 'rollcall.db-shm', 'rollcall.db-wal'])
    for (const file of files) assert.equal((await stat(join(cwd, 'data', file))).mode & 0o777, 0o600, file)
    assert.equal((await stat(join(cwd, 'data'))).mode & 0o777, 0o700)
  })

  test('the server stops within two seconds while silent connections are open', async t => {
    const cwd = await temporaryFolder(t)
    const running = await startServe(t, { cwd })
    const { hostname, port } = new URL(running.url)
    const said = ['', 'GET / HT', 'GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n']
    for (const text of said) {
      const socket = connect(Number(port), hostname).on('error', () => {})
      t.after(() => socket.destroy())
      await new Promise(written => socket.write(text, written))
    }
    assert.equal((await fetch(`${running.url}/openapi.json`)).status, 200)
    const { exitCode, tookMs } = await running.stop('SIGTERM')
    assert.equal(exitCode, 0)
    assert.ok(tookMs < STOP_WITHIN_MS, `${tookMs} ms`)
  })

  test('the server stops as fast while it waits for the list of a LiveKit server that does not answer', async t => {
    const cwd = await temporaryFolder(t)
    const silent = createServer().listen(0, '127.0.0.1')
    const isAsked = once(silent, 'connection')
    await once(silent, 'listening')
    t.after(() => silent.close())
    const { port } = silent.address() as AddressInfo // it listens on TCP
    const env = {
      LIVEKIT_URL: `http://127.0.0.1:${port}`,
      LIVEKIT_API_KEY: 'APIkey',
      LIVEKIT_API_SECRET: 'secretOf0123456789012345678901234567',
    }
    const running = await startServe(t, { cwd, env })
    await isAsked
    const { exitCode, tookMs } = await running.stop('SIGTERM')
    assert.equal(exitCode, 0)
    assert.ok(tookMs < STOP_WITHIN_MS, `${tookMs} ms`)
  })

  test('a database that cannot be opened is reported in a sentence that shows no password', async t => {
    const cwd = await temporaryFolder(t)
    const database = new DatabaseSync(join(cwd, 'newer.db'))
    database.exec('create table schema_version as select 9999 version')
    database.close()
    await writeFile(join(cwd, 'text.db'), 'This is no database.')
    const args = ['account', 'add', '--database', 'newer.db']
    const { exitCode, stdout, stderr } = await runProgram({ cwd, args })
    assert.deepEqual([exitCode, stdout], [1, ''])
    assert.match(
      stderr,
      /^rollcall: Cannot open the database: .* schema version 9999; .* Run a newer Rollcall\.\n$/,
    )
    const wrong: [string, RegExp][] = [
      [
        join(cwd, 'text.db'),
        /^Cannot open the database: The file is not a SQLite database, or .* \(SQLite code 26\)\.$/,
      ],
      [join(cwd, 'text.db/data'), /^Cannot open the database: ENOTDIR: /],
    ]
    for (const [database, sentence] of wrong) {
      assert.match(await refusal(cwd, 'account add', { database }), sentence)
    }
  })
})
