import type { TestServer } from '../../support/test-server.ts'
import { databaseOf } from '../served.ts'

/** Forgets all that was told and remembered, so that the same story can be told again under the same SIDs. */
export function forgetAll(server: TestServer): void {
  const database = databaseOf(server)
  database.exec(
    'delete from events; delete from participants; delete from rooms; delete from feed_payloads; delete from feed_memory',
  )
  database.close()
}
