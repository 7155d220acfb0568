import { openStore } from '../../src/store/open-store.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'
import { TEMPLATE } from './test-place.ts'

let server: PostgresServer | undefined

/** Starts one server for all test files of a run. `test-place.ts` reads its URL from the environment. */
export async function globalSetup(): Promise<void> {
  server = await startPostgres()
  process.env['TEST_POSTGRES_URL'] = server.url('postgres')
  try {
    await server.query(`create database ${TEMPLATE}`)
    const store = await openStore(server.url(TEMPLATE))
    await store.close()
  } catch (error) {
    await server.remove()
    throw error
  }
}

export async function globalTeardown(): Promise<void> {
  await server?.remove()
}
