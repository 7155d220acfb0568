import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { temporaryFolder } from '../support/program.ts'
import { refusal, runCommand } from '../support/run-command.ts'
import { ask, rollcallPrints, startServe, told } from '../support/running-server.ts'
import { until } from '../support/until.ts'

const ROOMS = '/v1/Video/Rooms'
const SEEN_WITHIN_MS = 1_000
const SID = `AC${'7e'.repeat(16)}`

suite('rollcall account and key', { concurrency: 2 }, () => {
  test('within a second a running server applies a change of', { concurrency: 2 }, async t => {
    const cwd = await temporaryFolder(t)
    const { url, accountSid } = await startServe(t, { cwd })
    const run = (line: string) => rollcallPrints(cwd, line.split(' '))
    const isAnswered = (status: number, user: string, password: string) =>
      until(`${user} to be answered ${status}`, SEEN_WITHIN_MS, async () => {
        return (await ask(url, ROOMS, user, password)).status === status || undefined
      })

    const accounts = t.test('accounts, whose SID can be chosen', async () => {
      const added = await run(`account add --sid ${SID} --name clinic`)
      assert.equal(told(added, /^Account SID +(\S+)$/m), SID)
      const token = told(added, /^Auth token +([A-Za-z0-9]{40})$/m)
      await isAnswered(200, SID, token)

      const list = await runCommand(cwd, 'account list')
      assert.match(list, new RegExp(`^${SID}  clinic +\\d{4}-\\d\\d-\\d\\dT`, 'm'))
      assert.match(list, new RegExp(`^${accountSid}  default `, 'm'))
      assert.ok(!list.includes(token))

      const rotated = told(await run(`account rotate ${SID}`), /^Auth token +(\S+)$/m)
      await isAnswered(401, SID, token)
      await isAnswered(200, SID, rotated)

      assert.equal(await run(`account remove ${SID}`), `Account ${SID} is removed.\n`)
      await isAnswered(401, SID, rotated)
    })

    const keys = t.test('API keys', async () => {
      const added = await run(`key add --name reports --account ${accountSid}`)
      const sid = told(added, /^Key SID +(SK[0-9a-f]{32})$/m)
      const secret = told(added, /^Secret +([A-Za-z0-9]{40})$/m)
      await isAnswered(200, sid, secret)

      const list = await runCommand(cwd, 'key list')
      assert.match(list, new RegExp(`^${sid}  ${accountSid}  reports `, 'm'))
      assert.ok(!list.includes(secret))

      const rotated = told(await run(`key rotate ${sid}`), /^Secret +(\S+)$/m)
      await isAnswered(401, sid, secret)
      await isAnswered(200, sid, rotated)

      assert.equal(await run(`key remove ${sid}`), `Key ${sid} is removed.\n`)
      await isAnswered(401, sid, rotated)
    })
    await Promise.all([accounts, keys])
  })

  test('where there are several accounts one must be named, and the SID must be valid and known', async t => {
    const cwd = await temporaryFolder(t)
    await runCommand(cwd, 'migrate')
    const none = 'There is no account yet: the first rollcall serve makes one, or rollcall account add.'
    assert.equal(await refusal(cwd, 'key add'), none)
    const noSid = '--sid: AC and 32 hex digits are expected.'
    assert.equal(await refusal(cwd, 'account add', { options: { sid: 'ACnone' } }), noSid)
    await runCommand(cwd, 'account add', { options: { sid: SID } })
    await runCommand(cwd, 'account add')
    const several = 'There are several accounts: name one with --account <SID>.'
    assert.equal(await refusal(cwd, 'key add'), several)
    assert.equal(await refusal(cwd, 'feed add', { args: ['events'] }), several)
    const other = SID.replaceAll('7', '8')
    const unknown = `There is no account ${other}: see rollcall account list.`
    assert.equal(await refusal(cwd, 'key add', { options: { account: other } }), unknown)
    await runCommand(cwd, 'key add', { options: { account: SID } })

    const taken = `Account ${SID} exists already: rollcall account rotate gives it a new token.`
    assert.equal(await refusal(cwd, 'account add', { options: { sid: SID } }), taken)
    for (const [name, what] of [
      ['account rotate', 'account'],
      ['account remove', 'account'],
      ['key rotate', 'key'],
      ['key remove', 'key'],
    ] as const) {
      assert.equal(await refusal(cwd, name, { args: [other] }), `There is no ${what} ${other}.`)
    }
  })
})
