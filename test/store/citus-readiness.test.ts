import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TABLES } from '../../src/store/schema/tables.ts'
import { get, testServer } from '../support/test-server.ts'
import { watchedConnection, watchedDatabase } from '../support/watched-database.ts'

// With one worker of two down, /readyz was 503 at every process, and a load balancer took away the half of the rooms
// that could still be stored.

test('readiness and the search for a feed use only tables on the coordinator, so that no worker decides on them', async t => {
  const statements: string[] = []
  const note = (sql: string) => void statements.push(sql)
  const server = await testServer(t, {}, [], database => ({
    ...watchedDatabase(database, note),
    reader: watchedConnection(database.reader, note),
    lookup: watchedConnection(database.lookup, note),
  }))
  statements.length = 0
  assert.equal((await get(server, '/readyz', {})).status, 200)
  const probed = statements.length
  const headers = { authorization: 'Bearer wrong', 'content-type': 'application/json' }
  const wrong = await server.app.inject({ method: 'POST', url: '/feeds/events', payload: '[]', headers })
  assert.equal(wrong.statusCode, 401)
  assert.ok(probed > 0 && statements.length > probed)
  for (const sql of statements) {
    const [, name = ''] = /\b(?:from|into|update)\s+(\w+)/.exec(sql) ?? []
    assert.ok(TABLES[name] !== undefined && TABLES[name].shardedBy === undefined, sql)
  }
})
