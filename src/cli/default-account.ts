import type { Config } from '../config.ts'
import { feeds } from '../feeds/index.ts'
import { hashSecret } from '../http/auth.ts'
import type { Account } from '../store/accounts.ts'
import type { Store } from '../store/store.ts'
import { CommandError } from './command.ts'
import { newSecret, newSid } from './credentials.ts'
import { UsageError } from './usage-error.ts'

/**
 * Finds or makes the default account: the one that the settings name, else the one that an earlier start made, else, if
 * there is no account, a new one. Processes that start at the same time agree on one account. `newToken` is the
 * generated token of a new account, to be printed once, else undefined. Throws UsageError if the settings have a token
 * or a feed and no account is the default account: they would apply to an account that was added for somebody else.
 */
export async function ensureDefaultAccount(
  store: Store,
  config: Config,
  nowMs: number,
): Promise<{ accountSid: string; newToken: string | undefined }> {
  const decided = await store.accounts.putDecided(accounts => decideOn(accounts, config, nowMs))
  return { accountSid: decided.accountSid, newToken: decided.newToken }
}

function decideOn(accounts: readonly Account[], config: Config, nowMs: number) {
  const known = accounts.find(({ accountSid, isDefault }) =>
    config.accountSid === undefined ? isDefault === 1 : accountSid === config.accountSid,
  )
  const [other] = accounts
  if (known === undefined && config.accountSid === undefined && other !== undefined) {
    if (config.authToken === undefined && !namesFeed(config)) {
      return { accountSid: other.accountSid, newToken: undefined, put: undefined }
    }
    throw new UsageError(
      'ROLLCALL_ACCOUNT_SID is needed: there are accounts, and none of them was made by rollcall serve for its settings.',
      'serve',
    )
  }
  const accountSid = known?.accountSid ?? config.accountSid ?? newSid('AC')
  const newToken = known === undefined && config.authToken === undefined ? newSecret() : undefined
  const token = config.authToken ?? newToken
  const tokenHash = token === undefined ? known?.tokenHash : hashSecret(token)
  const isChange = tokenHash !== undefined && tokenHash !== known?.tokenHash
  const fresh = { accountSid, name: 'default', isDefault: 1, createdAtMs: nowMs }
  return { accountSid, newToken, put: isChange ? { ...(known ?? fresh), tokenHash } : undefined }
}

/** True if the settings name a feed, which would belong to the default account. */
function namesFeed(config: Config): boolean {
  return feeds.some(feed => feed.configured?.(config) !== undefined)
}

/** The account that `--account` names, else the only account there is. Throws CommandError. */
export async function chooseAccount(store: Store, named: string | undefined): Promise<Account> {
  const accounts = await store.accounts.list()
  if (named !== undefined) {
    const account = accounts.find(({ accountSid }) => accountSid === named)
    if (account === undefined)
      throw new CommandError(`There is no account ${named}: see rollcall account list.`)
    return account
  }
  const [only, ...others] = accounts
  if (only === undefined)
    throw new CommandError(
      'There is no account yet: the first rollcall serve makes one, or rollcall account add.',
    )
  if (others.length > 0) throw new CommandError('There are several accounts: name one with --account <SID>.')
  return only
}
