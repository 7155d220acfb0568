import type { Database } from './database.ts'

export interface Account {
  readonly accountSid: string
  readonly name: string
  /** Hex SHA-256 of the auth token, which itself is not kept. */
  readonly tokenHash: string
  /** 1 for the first account that there was, which the settings' token and feeds are for; else 0. */
  readonly isDefault: number
  readonly createdAtMs: number
}

export interface ApiKey {
  readonly keySid: string
  readonly accountSid: string
  readonly name: string
  /** Hex SHA-256 of the secret, which itself is not kept. */
  readonly secretHash: string
  readonly createdAtMs: number
}

/** Accounts and their API keys. Expected absence is undefined; a removal says whether there was anything. */
export interface AccountStore {
  list(): Promise<Account[]>
  find(accountSid: string): Promise<Account | undefined>
  /** Adds the account, or gives a known one this name and token. */
  put(account: Account): Promise<void>
  /** Removes the account's credentials, keys and feeds; its history stays for whoever adds the SID again. */
  remove(accountSid: string): Promise<boolean>
  listKeys(): Promise<ApiKey[]>
  findKey(keySid: string): Promise<ApiKey | undefined>
  putKey(key: ApiKey): Promise<void>
  removeKey(keySid: string): Promise<boolean>
}

const ACCOUNT = `select account_sid "accountSid", name, token_hash "tokenHash", is_default "isDefault",
  created_at_ms "createdAtMs" from accounts`
const KEY = `select key_sid "keySid", account_sid "accountSid", name, secret_hash "secretHash", created_at_ms "createdAtMs"
  from api_keys`

export function accountStore(database: Database): AccountStore {
  const { reader } = database
  const run = (sql: string, params: (string | number)[]) => database.transact(c => c.run(sql, params))
  return {
    list: () => reader.all<Account>(`${ACCOUNT} order by created_at_ms, account_sid`),
    async find(accountSid) {
      return (await reader.all<Account>(`${ACCOUNT} where account_sid = ?`, [accountSid]))[0]
    },
    async put({ accountSid, name, tokenHash, isDefault, createdAtMs }) {
      await run(
        `insert into accounts (account_sid, name, token_hash, is_default, created_at_ms) values (?, ?, ?, ?, ?)
         on conflict (account_sid) do update set name = excluded.name, token_hash = excluded.token_hash`,
        [accountSid, name, tokenHash, isDefault, createdAtMs],
      )
    },
    remove: accountSid =>
      database.transact(async connection => {
        await connection.run('delete from api_keys where account_sid = ?', [accountSid])
        await connection.run('delete from feeds where account_sid = ?', [accountSid])
        return (await connection.run('delete from accounts where account_sid = ?', [accountSid])) > 0
      }),
    listKeys: () => reader.all<ApiKey>(`${KEY} order by created_at_ms, key_sid`),
    async findKey(keySid) {
      return (await reader.all<ApiKey>(`${KEY} where key_sid = ?`, [keySid]))[0]
    },
    async putKey({ keySid, accountSid, name, secretHash, createdAtMs }) {
      await run(
        `insert into api_keys (key_sid, account_sid, name, secret_hash, created_at_ms) values (?, ?, ?, ?, ?)
         on conflict (key_sid) do update set name = excluded.name, secret_hash = excluded.secret_hash`,
        [keySid, accountSid, name, secretHash, createdAtMs],
      )
    },
    async removeKey(keySid) {
      return (await run('delete from api_keys where key_sid = ?', [keySid])) > 0
    },
  }
}
