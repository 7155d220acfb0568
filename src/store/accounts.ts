import type { Connection, Database } from './engine/database.ts'

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
  /**
   * Puts the account that `decide` makes of all there are, if it makes one, while no other process decides: nothing
   * that two of them add at once is added twice. `decide` may be called again; the last result is resolved to.
   */
  putDecided<T extends { readonly put: Account | undefined }>(
    decide: (accounts: readonly Account[]) => T,
  ): Promise<T>
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
    list: () => accountsIn(reader),
    async find(accountSid) {
      return (await reader.all<Account>(`${ACCOUNT} where account_sid = ?`, [accountSid]))[0]
    },
    put: account => database.transact(connection => putIn(connection, account)),
    async putDecided(decide) {
      const seen = decide(await accountsIn(reader))
      if (seen.put === undefined) return seen
      return await database.transact(async connection => {
        // The one row that every database has.
        await connection.all(`select version from schema_version ${connection.dialect.forUpdate}`)
        const decided = decide(await accountsIn(connection))
        if (decided.put !== undefined) await putIn(connection, decided.put)
        return decided
      })
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

function accountsIn(connection: Connection): Promise<Account[]> {
  return connection.all<Account>(`${ACCOUNT} order by created_at_ms, account_sid`)
}

async function putIn(connection: Connection, account: Account): Promise<void> {
  const { accountSid, name, tokenHash, isDefault, createdAtMs } = account
  await connection.run(
    `insert into accounts (account_sid, name, token_hash, is_default, created_at_ms) values (?, ?, ?, ?, ?)
     on conflict (account_sid) do update set name = excluded.name, token_hash = excluded.token_hash`,
    [accountSid, name, tokenHash, isDefault, createdAtMs],
  )
}
