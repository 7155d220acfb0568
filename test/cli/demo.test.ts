import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { dayOfRooms } from '../../src/demo/day.ts'
import { runProgram, startProgram, temporaryFolder } from '../support/program.ts'
import { ask, told } from '../support/running-server.ts'

const HOUR_MS = 60 * 60_000
const STOP_WITHIN_MS = 2_500
const hasCurl = spawnSync('curl', ['--version']).status === 0

interface DemoRoom {
  room_name: string
  room_status: string
  create_time: string
  end_time: string | null
  url: string
}

test('the lines that the demo prints show a day of rooms that ends now, and the demo leaves no files', async t => {
  const cwd = await temporaryFolder(t)
  const temporary = await temporaryFolder(t)
  await mkdir(join(cwd, 'data'))
  const env = { TMPDIR: temporary, DATABASE_URL: join(cwd, 'data'), PUBLIC_URL: 'https://elsewhere.invalid' }
  const demo = await startProgram(t, { cwd, env, args: ['demo', '--port', '0'] }, /^Ctrl-C stops it/m)
  const printed = demo.stdout()
  const accountSid = told(printed, /^Account SID +(AC[0-9a-f]{32})$/m)
  const token = told(printed, /^Auth token +([A-Za-z0-9]{40})$/m)
  const reference = told(printed, /^API reference +(\S+)$/m)
  assert.equal((await fetch(reference)).status, 200)
  assert.equal((await readdir(temporary)).length, 1)

  const lines = [...printed.matchAll(/^curl .*$/gm)].flat()
  assert.equal(lines.length, 2)
  const [people, day] = await Promise.all(lines.map(line => paste(t, line, cwd)))
  assert.equal(people?.participants?.length, 3)
  assert.equal(people?.participants?.[0]?.participant_identity, 'teacher-kim')
  const rooms = day?.rooms ?? []
  assert.deepEqual(names(rooms), names(dayOfRooms.map(({ name }) => ({ room_name: name })).reverse()))
  assert.deepEqual(
    rooms.filter(room => room.room_status === 'in_progress').map(room => [room.room_name, room.end_time]),
    [['design-review', null]],
  )
  const { origin } = new URL(reference)
  for (const { url } of rooms) assert.ok(url.startsWith(origin), url)
  const nowMs = Date.now()
  const startsMs = rooms.map(room => Date.parse(room.create_time))
  const endsMs = rooms.flatMap(room => (room.end_time === null ? [] : Date.parse(room.end_time)))
  assert.ok(Math.min(...startsMs) > nowMs - 24 * HOUR_MS)
  assert.ok(Math.max(...startsMs) > nowMs - HOUR_MS)
  assert.ok(Math.max(...endsMs) > nowMs - 2 * HOUR_MS && Math.max(...endsMs) <= nowMs)
  assert.equal((await ask(origin, '/v1/Video/Rooms', accountSid, token)).status, 200)

  const { exitCode, stderr, tookMs } = await demo.stop('SIGINT')
  assert.deepEqual([exitCode, stderr], [0, ''])
  assert.ok(tookMs < STOP_WITHIN_MS, `${tookMs} ms`)
  assert.deepEqual(await readdir(temporary), [])
  assert.deepEqual(await readdir(cwd, { recursive: true }), ['data'])
})

function names(rooms: readonly Pick<DemoRoom, 'room_name'>[]): string[] {
  return rooms.map(room => room.room_name)
}

interface Answer {
  participants?: { participant_identity: string }[]
  rooms?: DemoRoom[]
}

/** Runs the line in a shell, or fetches its address where there is no curl. */
async function paste(t: TestContext, line: string, cwd: string): Promise<Answer> {
  if (hasCurl) {
    const command = ['bash', '-c', line] as const
    const { exitCode, stdout, stderr } = await runProgram({ cwd, args: [], command })
    assert.equal(exitCode, 0, stderr)
    return JSON.parse(stdout)
  }
  t.diagnostic('There is no curl here: the address of the line is fetched.')
  const { origin, pathname, search } = new URL(told(line, /(http[^' ]+)/))
  const [user = '', password = ''] = told(line, / -u (\S+)/).split(':')
  const { status, text } = await ask(origin, pathname + search, user, password)
  assert.equal(status, 200)
  return JSON.parse(text)
}
