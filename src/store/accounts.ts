import type { Connection, Database } from './engine/database.ts'
import { removeFeed } from './feeds/feeds.ts'

export interface Account {
  readonly accountSid: string
  readonly name: string
  /** Hex SHA-256 of the auth token. The token itself is not stored. */
  readonly tokenHash: string
  /** 1 for an account that a start of the server made, to which the token and feeds of its settings belong; else 0. */
  readonly isDefault: number
  readonly createdAtMs: number
}

export interface ApiKey {
  readonly keySid: string
  readonly accountSid: string
  readonly name: string
  /** Hex SHA-256 of the secret. The secret itself is not stored. */
  readonly secretHash: string
  readonly createdAtMs: number
}

/** Accounts and their API keys. A search that finds nothing gives undefined; a removal says whether it found a row. */
export interface AccountStore {
  list(): Promise<Account[]>
  find(accountSid: string): Promise<Account | undefined>
  /** Adds the account, or gives a known one this name and token. */
  put(account: Account): Promise<void>
  /**
   * Calls `decide` with all accounts, and puts the account that it returns, if any. One process decides at a time, so
   * that two processes do not both add an account. `decide` may be called twice; resolves to its last result.
   */
  putDecided<T extends { readonly put: Account | undefined }>(
    decide: (accounts: readonly Account[]) => T,
  ): Promise<T>
  /** Removes the account, its keys and its feeds. The history stays, and is served once the SID is added again. */
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
        // This row exists in every database: its lock lets one process decide at a time.
        await connection.all(`select version from schema_version ${connection.dialect.forUpdate}`)
        const decided = decide(await accountsIn(connection))
        if (decided.put !== undefined) await putIn(connection, decided.put)
        return decided
      })
    },
    remove: accountSid =>
      database.transact(async connection => {
        await connection.run('delete from api_keys where account_sid = ?', [accountSid])
        const feeds = await connection.all<{ id: string }>(
          'select feed_id id from feeds where account_sid = ? order by feed_id',
          [accountSid],
        )
        for (const { id } of feeds) await removeFeed(connection, id)
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
