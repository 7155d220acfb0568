import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { openStore } from '../../src/store/open-store.ts'
import { runProgram, temporaryFolder } from '../support/program.ts'
import { refusal, runCommand } from '../support/run-command.ts'
import { newPostgres } from '../support/test-place.ts'

test('accounts, keys and feeds are copied to PostgreSQL, and a second run writes nothing', async t => {
  const cwd = await temporaryFolder(t)
  await runCommand(cwd, 'account add')
  await runCommand(cwd, 'key add')
  await runCommand(cwd, 'feed add', { args: ['events'] })
  const { place, remove } = await newPostgres('template1')
  t.after(remove)
  const args = ['copy', '--from', 'data', '--to', place]
  assert.deepEqual(await runProgram({ cwd, args }), {
    ...{ exitCode: 0, stderr: '' },
    stdout: '3 rows are the same in both: 3 were written, 0 removed.\n',
  })
  for (const name of ['account list', 'key list', 'feed list']) {
    assert.equal(await runCommand(cwd, name, { database: place }), await runCommand(cwd, name))
  }
  const options = { from: place, to: join(cwd, 'data') }
  const again = await runCommand(cwd, 'copy', { options })
  assert.equal(again, '3 rows are the same in both: 0 were written, 0 removed.\n')
})

test('copy warns that rows may have come meanwhile if a server was up on the source until just now', async t => {
  const cwd = await temporaryFolder(t)
  await runCommand(cwd, 'account add')
  const beatAt = async (untilMs: number) => {
    const store = await openStore(join(cwd, 'data'))
    await store.uptime.beat({ serverId: 'one', fromMs: 0, untilMs, heard: new Map() }, 0)
    await store.close()
    return await runCommand(cwd, 'copy', { options: { from: join(cwd, 'data'), to: join(cwd, 'copy') } })
  }
  assert.doesNotMatch(await beatAt(Date.now() - 60_000), /A server was up/)
  assert.match(await beatAt(Date.now()), /removed\.\nA server was up on the source .* run this again\.\n$/)
})

test('copy refuses a missing place, a database that cannot be opened and a loss of data with a sentence that shows no password', async t => {
  const cwd = await temporaryFolder(t)
  await runCommand(cwd, 'account add')
  await runCommand(cwd, 'account add', { database: join(cwd, 'other') })
  const from = join(cwd, 'data')
  const told = (options: Record<string, string>) => refusal(cwd, 'copy', { options })
  assert.equal(await told({ to: 'x' }), '--from PLACE is needed.')
  assert.equal(await told({ from }), '--to PLACE is needed.')
  assert.match(
    await told({ from, to: join(cwd, 'other') }),
    /^The destination has account AC\w+, which the source/,
  )
  assert.match(
    await told({ from, to: 'postgres://me:geheim@127.0.0.1:1/db' }),
    /^Cannot open the database of --to: (?!.*geheim)/,
  )
  for (const to of ['mysql://me:geheim@host/db', 'postgres://me:geheim@[', 'postgres://me:geheim%@h']) {
    const { exitCode, stderr } = await runProgram({ cwd, args: ['copy', '--from', from, '--to', to] })
    assert.equal(exitCode, 2)
    assert.match(stderr, /^rollcall: --to: .* expected.*\.\nSee rollcall copy --help\.\n$/)
    assert.doesNotMatch(stderr, /geheim/)
  }
})

test('a copy that is stopped ends with a sentence, and a second run does the rest', async t => {
  const cwd = await temporaryFolder(t)
  await runCommand(cwd, 'account add')
  await runCommand(cwd, 'key add')
  const options = { from: join(cwd, 'data'), to: join(cwd, 'copy') }
  const stopped = runCommand(cwd, 'copy', { options, stop: AbortSignal.abort() })
  await assert.rejects(stopped, /^StoppedError: Stopped after 1 row, which stays: run it again to go on\.$/)
  const again = await runCommand(cwd, 'copy', { options })
  assert.equal(again, '2 rows are the same in both: 1 was written, 0 removed.\n')
})
