import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ENGINE } from '../support/test-place.ts'
import { get, testServer } from '../support/test-server.ts'

test('the probe of readiness needs as much room as it claims to', async t => {
  let sizes: number[] = []
  const server = await testServer(t, {}, [], database => ({
    ...database,
    transact: (work, lane) =>
      database.transact(
        connection =>
          work({
            ...connection,
            async run(sql, params) {
              if (sql.startsWith('delete from deliveries where delivery_id')) {
                const size = ENGINE === 'sqlite' ? 'length(cast(detail as blob))' : 'pg_column_size(detail)'
                const rows = await connection.all<{ size: number }>(`select ${size} "size" from deliveries`)
                sizes = rows.map(row => row.size)
              }
              return await connection.run(sql, params)
            },
          }),
        lane,
      ),
  }))
  assert.equal((await get(server, '/readyz', {})).status, 200)
  assert.equal(sizes.length, 1)
  assert.ok(Number(sizes[0]) >= 50_000, `${sizes[0]} bytes are stored`)
})
