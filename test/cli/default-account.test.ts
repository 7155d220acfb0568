import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ensureDefaultAccount } from '../../src/cli/default-account.ts'
import { readConfig } from '../../src/config.ts'
import { hashSecret } from '../../src/http/auth.ts'
import { openStore } from '../../src/store/open-store.ts'
import { runProgram, temporaryFolder } from '../support/program.ts'
import { ask, rollcallPrints, startServe, told } from '../support/running-server.ts'

const SID = `AC${'1'.repeat(32)}`
const TOKEN = 'operatorToken0123456789012345678901234'
const CUSTOMER = {
  accountSid: `AC${'2'.repeat(32)}`,
  name: 'customer',
  tokenHash: hashSecret('customer'),
  isDefault: 0,
  createdAtMs: 1,
}

async function emptyStore(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-account-'))
  const store = await openStore(folder)
  t.after(async () => {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })
  return store
}

test('the first start makes an account and returns its token, and later starts find the account', async t => {
  const store = await emptyStore(t)
  const first = await ensureDefaultAccount(store, readConfig({}, {}), 5)
  assert.match(first.newToken ?? '', /^[A-Za-z0-9]{32,}$/)
  await store.accounts.put(CUSTOMER)
  const second = await ensureDefaultAccount(store, readConfig({}, {}), 6)
  assert.deepEqual(second, { accountSid: first.accountSid, newToken: undefined })
  const renewed = await ensureDefaultAccount(store, readConfig({}, { ROLLCALL_AUTH_TOKEN: TOKEN }), 7)
  assert.equal(renewed.accountSid, first.accountSid)
  assert.equal((await store.accounts.find(first.accountSid))?.tokenHash, hashSecret(TOKEN))
  assert.deepEqual({ ...(await store.accounts.find(CUSTOMER.accountSid)) }, CUSTOMER)
})

test('an account that was added for somebody else never becomes the default, nor gets the token or a feed of the settings', async t => {
  const store = await emptyStore(t)
  await store.accounts.put(CUSTOMER)
  const env = { ROLLCALL_AUTH_TOKEN: TOKEN }
  await assert.rejects(ensureDefaultAccount(store, readConfig({}, env), 5), /ROLLCALL_ACCOUNT_SID/)
  const livekit = { LIVEKIT_API_KEY: 'APIkey', LIVEKIT_API_SECRET: 'secret' }
  await assert.rejects(ensureDefaultAccount(store, readConfig({}, livekit), 5), /ROLLCALL_ACCOUNT_SID/)
  const janus = { JANUS_EVENTS_USER: 'janus', JANUS_EVENTS_PASSWORD: 'secret'.repeat(6) }
  await assert.rejects(ensureDefaultAccount(store, readConfig({}, janus), 5), /ROLLCALL_ACCOUNT_SID/)
  await ensureDefaultAccount(store, readConfig({}, {}), 5)
  assert.deepEqual(
    (await store.accounts.list()).map(account => ({ ...account })),
    [CUSTOMER],
  )
  const named = await ensureDefaultAccount(store, readConfig({}, { ...env, ROLLCALL_ACCOUNT_SID: SID }), 5)
  assert.deepEqual(named, { accountSid: SID, newToken: undefined })
  assert.deepEqual({ ...(await store.accounts.find(CUSTOMER.accountSid)) }, CUSTOMER)
})

test('the token and feeds of the settings never go to an account of rollcall account add, also if it was the first', async t => {
  const cwd = await temporaryFolder(t)
  const added = await rollcallPrints(cwd, ['account', 'add'])
  const accountSid = told(added, /^Account SID +(\S+)$/m)
  const token = told(added, /^Auth token +(\S+)$/m)
  const settings: Record<string, string>[] = [
    { ROLLCALL_AUTH_TOKEN: TOKEN },
    { LIVEKIT_API_KEY: 'APIkey', LIVEKIT_API_SECRET: 'secret' },
  ]
  for (const env of settings) {
    const args = ['serve', '--port', '0', '--database', 'data']
    const { exitCode, stdout, stderr } = await runProgram({ cwd, args, env })
    assert.deepEqual([exitCode, stdout], [2, ''])
    assert.match(stderr, /^rollcall: ROLLCALL_ACCOUNT_SID is needed: .*\.\nSee rollcall serve --help\.\n$/)
  }
  const { url } = await startServe(t, { cwd })
  assert.equal((await ask(url, '/v1/Video/Rooms', accountSid, token)).status, 200)
  assert.equal((await ask(url, '/v1/Video/Rooms', accountSid, TOKEN)).status, 401)
})
