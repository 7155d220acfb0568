import type { TestContext } from 'node:test'
import { Client } from 'pg'
import { newPostgres } from './test-place.ts'

/** A new PostgreSQL database, and a session in it that is not the program's. Both are removed with the test. */
export async function postgresSession(t: TestContext, template?: string) {
  const { place, remove } = await newPostgres(template)
  const session = new Client({ connectionString: place })
  await session.connect()
  t.after(async () => {
    await session.end()
    await remove()
  })
  return { place, sql: async (text: string) => (await session.query(text)).rows }
}
