import { Client } from 'pg'

/** How many deadlocks the server has broken in the database at a URL. */
export async function deadlocksOf(place: string): Promise<number> {
  const [row] = await queryAt(
    place,
    'select deadlocks::int from pg_stat_database where datname = current_database()',
  )
  return Number(row?.['deadlocks'])
}

/** Runs SQL over a connection of its own. */
export async function queryAt(place: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: place })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}
