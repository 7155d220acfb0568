import { hashSecret } from '../api/auth.ts'
import type { Config } from '../config.ts'
import type { Account } from '../store/accounts.ts'
import type { Store } from '../store/store.ts'
import { CommandError } from './command.ts'
import { newSecret, newSid } from './credentials.ts'

/**
 * The account that the settings name, or the oldest; made if there is none. `newToken` is there only when it was
 * made up just now: it can be told once.
 */
export async function ensureDefaultAccount(
  store: Store,
  config: Config,
  nowMs: number,
): Promise<{ accountSid: string; newToken: string | undefined }> {
  const accounts = await store.accounts.list()
  const named = config.accountSid
  const known = named === undefined ? accounts[0] : accounts.find(account => account.accountSid === named)
  const accountSid = known?.accountSid ?? named ?? newSid('AC')
  const newToken = known === undefined && config.authToken === undefined ? newSecret() : undefined
  const token = config.authToken ?? newToken
  const tokenHash = token === undefined ? known?.tokenHash : hashSecret(token)
  if (tokenHash !== undefined && tokenHash !== known?.tokenHash) {
    const name = known?.name ?? 'default'
    await store.accounts.put({ accountSid, name, tokenHash, createdAtMs: known?.createdAtMs ?? nowMs })
  }
  return { accountSid, newToken }
}

/** The account that `--account` names, or the only one there is. Throws CommandError. */
export async function chooseAccount(store: Store, named: string | undefined): Promise<Account> {
  const accounts = await store.accounts.list()
  if (named !== undefined) {
    const account = accounts.find(({ accountSid }) => accountSid === named)
    if (account === undefined)
      throw new CommandError(`There is no account ${named}: see rollcall account list.`)
    return account
  }
  const [only, ...others] = accounts
  if (only === undefined) throw new CommandError('There is no account yet: rollcall account add makes one.')
  if (others.length > 0) throw new CommandError('There are several accounts: name one with --account <SID>.')
  return only
}
