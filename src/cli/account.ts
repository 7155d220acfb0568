import { hashSecret } from '../http/auth.ts'
import { ACCOUNT_SID } from '../sid.ts'
import { type Command, CommandError } from './command.ts'
import { newSecret, newSid } from './credentials.ts'
import { table } from './table.ts'
import { readStore, withNewOrExistingStore, withStore } from './with-store.ts'

const settings = ['database'] as const

export const accountAdd: Command = {
  name: 'account add',
  summary: 'Add an account and print its token, once',
  args: '',
  options: {
    sid: ['SID', 'The SID of the account, such as that of a Twilio account; generated if not given'],
    name: ['TEXT', 'A name that rollcall account list shows'],
  },
  settings,
  run: context =>
    withNewOrExistingStore(context, async store => {
      const accountSid = context.options['sid'] ?? newSid('AC')
      if (!ACCOUNT_SID.test(accountSid)) throw new CommandError('--sid: AC and 32 hex digits are expected.')
      if ((await store.accounts.find(accountSid)) !== undefined) {
        throw new CommandError(
          `Account ${accountSid} exists already: rollcall account rotate gives it a new token.`,
        )
      }
      const token = newSecret()
      const name = context.options['name'] ?? 'account'
      await store.accounts.put({
        accountSid,
        name,
        tokenHash: hashSecret(token),
        // The token and the feeds of the settings belong to an account that `serve` makes, never to this one.
        isDefault: 0,
        createdAtMs: context.clock(),
      })
      context.print(`Account SID  ${accountSid}`)
      context.print(`Auth token   ${token}`)
    }),
}

export const accountList: Command = {
  name: 'account list',
  summary: 'List the accounts',
  args: '',
  options: {},
  settings,
  run: context =>
    readStore(context, async store => {
      const accounts = await store.accounts.list()
      const rows = accounts.map(({ accountSid, name, createdAtMs }) => [
        accountSid,
        name,
        new Date(createdAtMs).toISOString(),
      ])
      for (const line of table(['SID', 'NAME', 'CREATED'], rows)) context.print(line)
    }),
}

export const accountRemove: Command = {
  name: 'account remove',
  summary:
    'Remove an account with its keys and feeds; its history stays, and is served again if the SID is added again',
  args: '<SID>',
  options: {},
  settings,
  run: context =>
    withStore(context, async store => {
      const [accountSid = ''] = context.args
      if (!(await store.accounts.remove(accountSid)))
        throw new CommandError(`There is no account ${accountSid}.`)
      context.print(`Account ${accountSid} is removed.`)
    }),
}

export const accountRotate: Command = {
  name: 'account rotate',
  summary: 'Give an account a new token and print it, once; the old one stops at once',
  args: '<SID>',
  options: {},
  settings,
  run: context =>
    withStore(context, async store => {
      const [accountSid = ''] = context.args
      const account = await store.accounts.find(accountSid)
      if (account === undefined) throw new CommandError(`There is no account ${accountSid}.`)
      const token = newSecret()
      await store.accounts.put({ ...account, tokenHash: hashSecret(token) })
      context.print(`Auth token   ${token}`)
    }),
}
