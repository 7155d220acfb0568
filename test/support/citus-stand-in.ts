import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { Client } from 'pg'
import { refusal, runCommand } from './run-command.ts'
import { newPostgres } from './test-place.ts'

/**
 * Stands in for what Rollcall uses of Citus, and refuses what that refuses (Citus documentation, "Create and Modify
 * Distributed Tables", "Metadata Tables Reference"): a unique key without the column, colocation with an unknown table,
 * the same table twice. Distributes nothing: it notes in `pg_dist_partition` what it was told. `workers` is the answer
 * of each worker to `show synchronous_commit`.
 */
const STAND_IN = `
set allow_system_table_mods = on;
insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
  values (99999, 'citus', 10, 'public'::regnamespace, false, 'stand-in');
create table pg_dist_partition (logicalrelid regclass primary key, partmethod "char", repmodel "char", how text);
create function create_reference_table(t regclass) returns void language sql as
  $$ insert into pg_dist_partition values (t, 'n', 't', 'whole') $$;
create function create_distributed_table(t regclass, col text, colocate_with text default 'default') returns void
language plpgsql as $$ begin
  if exists (select 1 from pg_index i where i.indrelid = t and i.indisunique and not exists (
    select 1 from pg_attribute a where a.attrelid = t and a.attnum = any(i.indkey) and a.attname = col)) then
    raise 'cannot create constraint on %: a unique key must hold %', t, col;
  end if;
  if colocate_with <> 'default' and not exists (
    select 1 from pg_dist_partition where logicalrelid = colocate_with::regclass and how like col || '%') then
    raise 'cannot colocate % with %', t, colocate_with;
  end if;
  insert into pg_dist_partition values (t, 'h', 's', col || ' with ' || colocate_with);
end $$;
create function truncate_local_data_after_distributing_table(t regclass) returns void language sql as
  $$ update pg_dist_partition set how = how || ', once' where logicalrelid = t $$;
create function undistribute_table(t regclass) returns void language plpgsql as $$ begin
  delete from pg_dist_partition where logicalrelid = t;
  if not found then raise 'cannot undistribute table %: it is not distributed', t; end if;
end $$;
create table workers (nodename text, nodeport int, success bool, result text);
create function run_command_on_workers(command text) returns setof workers language sql as
  $$ select * from workers where command = 'show synchronous_commit' $$;
`

/** A new database with the stand-in, and a role of its own, since settings of a role hold in all databases. */
export async function citusStandIn(t: TestContext) {
  const empty = await newPostgres('template1')
  const role = `citus_${randomUUID().replaceAll('-', '')}`
  const admin = new Client({ connectionString: empty.place })
  await admin.connect()
  await admin.query(`create role ${role} login superuser`)
  await admin.end()
  const url = new URL(empty.place)
  url.username = role
  const place = url.href
  const session = new Client({ connectionString: place })
  await session.connect()
  t.after(async () => {
    await session.end()
    await empty.remove()
    const after = new Client({ connectionString: process.env['TEST_POSTGRES_URL'] })
    await after.connect()
    await after.query(`drop role ${role}`)
    await after.end()
  })
  const sql = async (text: string) => (await session.query(text)).rows
  await sql(STAND_IN)
  const given = (flags: readonly string[]) => ({
    database: place,
    options: Object.fromEntries(flags.map(flag => [flag, ''])),
  })
  return {
    ...{ place, role, sql },
    /** Runs `rollcall migrate` with these flags, and resolves to what it printed. */
    migrate: (...flags: ('citus' | 'dry-run')[]) => runCommand('/', 'migrate', given(flags)),
    /** Runs it where it must be refused, and resolves to the sentence of the refusal. */
    refused: (...flags: ('citus' | 'dry-run')[]) => refusal('/', 'migrate', given(flags)),
  }
}
