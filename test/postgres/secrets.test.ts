import assert from 'node:assert/strict'
import { test } from 'node:test'
import { livekitRoom } from '../support/livekit.ts'
import { startPostgres } from '../support/postgres-server.ts'
import { runProgram, temporaryFolder } from '../support/program.ts'
import { TWILIO_TOKEN } from '../support/test-server.ts'
import { until } from '../support/until.ts'
import { livekitLetter, send } from './letters.ts'
import { SETTINGS, serveOver } from './serve-over.ts'

const START_MS = Date.UTC(2026, 1, 1)
const PASSWORD = 'passwordOfTheDatabase'
const WITHIN_MS = 10_000

test('no log and no answer shows the password of the database, or values of a row that the database refused', async t => {
  const postgres = await startPostgres()
  t.after(() => postgres.remove())
  await postgres.query('create database rollcall')
  const place = postgres.url('rollcall').replace('postgres@', `postgres:${PASSWORD}@`)
  const server = await serveOver(t, place, { ...SETTINGS, LOG_LEVEL: 'trace' })
  const cwd = await temporaryFolder(t)
  const told: string[] = []
  const run = async (args: string[], env: Record<string, string>, input?: string, exitCode = 1) => {
    const ended = await runProgram({ cwd, args, env, ...(input === undefined ? {} : { input }) })
    assert.equal(ended.exitCode, exitCode, ended.stderr)
    told.push(ended.stdout, ended.stderr)
    return ended.stderr
  }

  await postgres.query(`alter table participants add check (identity <> 'annaSecret')`, 'rollcall')
  await postgres.query(`alter table feeds add check (kind <> 'twilio')`, 'rollcall')
  const room = livekitRoom('room', START_MS)
  assert.equal((await send(server.url, livekitLetter(room.started())))?.status, 200)
  const refused = await send(server.url, livekitLetter(room.joined('annaSecret', START_MS)))
  assert.equal(refused?.status, 500)
  told.push(refused.text)
  await until('the log', WITHIN_MS, () => /SQLSTATE 23514/.test(server.stderr()) || undefined)
  const added = await run(['feed', 'add', 'twilio'], { DATABASE_URL: place }, `${TWILIO_TOKEN}\n`)
  assert.match(added, /SQLSTATE 23514/)

  await postgres.stop()
  assert.equal((await send(server.url, livekitLetter(room.started())))?.status, 503)
  await run(['serve'], { DATABASE_URL: place })
  for (const wrong of [place.replace('/rollcall', ':not-a-port/rollcall'), place.replace('127.0.0.1', '[')]) {
    await run(['serve'], { DATABASE_URL: wrong }, undefined, 2)
  }
  await postgres.start()
  await run(['serve'], { DATABASE_URL: place.replace(/rollcall$/, 'nothing') })
  const { stdout, stderr } = await server.stop()
  const all = [...told, stdout, stderr].join('\n')
  for (const secret of [PASSWORD, 'annaSecret', TWILIO_TOKEN]) {
    assert.ok(!all.includes(secret), `${secret} is told: ${all}`)
  }
})
