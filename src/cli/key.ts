import { hashSecret } from '../http/auth.ts'
import { type Command, CommandError } from './command.ts'
import { newSecret, newSid } from './credentials.ts'
import { chooseAccount } from './default-account.ts'
import { table } from './table.ts'
import { readStore, withStore } from './with-store.ts'

const settings = ['database'] as const

export const keyAdd: Command = {
  name: 'key add',
  summary: 'Add an API key to an account and print its secret, once',
  args: '',
  options: {
    account: ['SID', 'The account; needed only where there are several accounts'],
    name: ['TEXT', 'A name that rollcall key list shows'],
  },
  settings,
  run: context =>
    withStore(context, async store => {
      const { accountSid } = await chooseAccount(store, context.options['account'])
      const keySid = newSid('SK')
      const secret = newSecret()
      const name = context.options['name'] ?? 'key'
      const createdAtMs = context.clock()
      await store.accounts.putKey({ keySid, accountSid, name, secretHash: hashSecret(secret), createdAtMs })
      context.print(`Key SID  ${keySid}`)
      context.print(`Secret   ${secret}`)
    }),
}

export const keyList: Command = {
  name: 'key list',
  summary: 'List the API keys',
  args: '',
  options: {},
  settings,
  run: context =>
    readStore(context, async store => {
      const keys = await store.accounts.listKeys()
      const rows = keys.map(({ keySid, accountSid, name, createdAtMs }) => [
        keySid,
        accountSid,
        name,
        new Date(createdAtMs).toISOString(),
      ])
      for (const line of table(['SID', 'ACCOUNT', 'NAME', 'CREATED'], rows)) context.print(line)
    }),
}

export const keyRemove: Command = {
  name: 'key remove',
  summary: 'Remove an API key',
  args: '<SID>',
  options: {},
  settings,
  run: context =>
    withStore(context, async store => {
      const [keySid = ''] = context.args
      if (!(await store.accounts.removeKey(keySid))) throw new CommandError(`There is no key ${keySid}.`)
      context.print(`Key ${keySid} is removed.`)
    }),
}

export const keyRotate: Command = {
  name: 'key rotate',
  summary: 'Give an API key a new secret and print it, once; the old one stops at once',
  args: '<SID>',
  options: {},
  settings,
  run: context =>
    withStore(context, async store => {
      const [keySid = ''] = context.args
      const key = await store.accounts.findKey(keySid)
      if (key === undefined) throw new CommandError(`There is no key ${keySid}.`)
      const secret = newSecret()
      await store.accounts.putKey({ ...key, secretHash: hashSecret(secret) })
      context.print(`Secret   ${secret}`)
    }),
}
