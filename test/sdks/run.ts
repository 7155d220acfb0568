// Tests the official SDKs: each must read a room of 2,500 people, every person exactly once.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeDocsExample } from './docs-example.ts'
import { type Expected, fillRooms, fillUnknownRoom, type ListedRoom } from './fill-rooms.ts'
import { NoRegistryError, type OfficialSdk, officialSdks, type Programs } from './official-sdks.ts'
import { type Command, runCommand } from './run-command.ts'
import { type Rollcall, startRollcall } from './start-rollcall.ts'

/** How the languages print that there is no value. */
const NO_VALUE = /^(?:null|None|nil|<nil>|undefined)$/

const tally = { passed: 0, failed: 0, skipped: 0 }
const interrupted = new AbortController()
const { signal } = interrupted
process.on('SIGINT', () => interrupted.abort())
process.on('SIGTERM', () => interrupted.abort())

const tempFolder = await mkdtemp(join(tmpdir(), 'rollcall-sdks-'))
try {
  const present: OfficialSdk[] = []
  for (const sdk of officialSdks) if (await hasTools(sdk)) present.push(sdk)
  if (present.length > 0) await runAll(present)
} catch (error) {
  fail(`the run: ${error instanceof Error ? error.message : error}`)
} finally {
  await rm(tempFolder, { recursive: true, force: true })
}
const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : ''
console.log(`${tally.passed} passed, ${tally.failed} failed${skipped}`)
process.exitCode = tally.failed > 0 ? 1 : 0

async function runAll(sdks: readonly OfficialSdk[]): Promise<void> {
  // The SDKs are downloaded and built while the rooms are filled.
  const prepared = sdks.map(async sdk => ({ sdk, programs: await prepare(sdk) }))
  try {
    const rollcall = await startRollcall()
    try {
      const startedMs = Date.now()
      const expected = await fillRooms(rollcall)
      console.log(`# ${expected.participants.length} participants in ${Date.now() - startedMs} ms`)
      const ready = await Promise.all(prepared)
      for (const { sdk, programs } of ready) {
        if (programs?.checks) await runChecks(sdk, programs.checks, rollcall, expected)
      }
      const identities = expected.participants.map(one => one.identity)
      const large: ListedRoom = { roomSid: expected.room_sid, identities }
      // After the checks, which count on the rooms that are there.
      const unknown = await fillUnknownRoom(rollcall)
      for (const { sdk, programs } of ready) {
        if (programs) await runExample(sdk, programs, rollcall, 'of 2,500 participants', large)
        if (programs) await runExample(sdk, programs, rollcall, 'with unknown identity and join', unknown)
      }
    } finally {
      await rollcall.stop()
    }
  } finally {
    await Promise.all(prepared)
  }
}

async function hasTools(sdk: OfficialSdk): Promise<boolean> {
  for (const tool of sdk.tools) {
    const { exitCode } = await runCommand(tool, { signal })
    signal.throwIfAborted()
    if (exitCode === 0) continue
    const missing = `${sdk.name}: no working ${tool.command}`
    if (process.env.CI === 'true') fail(missing)
    else skip(missing)
    return false
  }
  return true
}

async function prepare(sdk: OfficialSdk): Promise<Programs | null> {
  try {
    return await sdk.prepare({ tempFolder, signal })
  } catch (error) {
    if (error instanceof NoRegistryError) skip(`${sdk.name}: ${error.message}`)
    else fail(`${sdk.name}: ${error instanceof Error ? error.message : error}`)
    return null
  }
}

/** Runs a program that prints `ok` and `not ok` lines. */
async function runChecks(sdk: OfficialSdk, program: Command, rollcall: Rollcall, expected: Expected) {
  const expectedFile = join(tempFolder, 'expected.json')
  await writeFile(expectedFile, JSON.stringify(expected))
  const env = {
    ROLLCALL_BASE_URL: rollcall.baseUrl,
    ROLLCALL_ACCOUNT_SID: rollcall.accountSid,
    ROLLCALL_AUTH_TOKEN: rollcall.authToken,
    ROLLCALL_ROOM_SID: expected.room_sid,
    ROLLCALL_EXPECTED: expectedFile,
  }
  const startedMs = Date.now()
  const before = { ...tally }
  const onLine = (line: string) => {
    if (line.startsWith('ok ')) tally.passed += 1
    if (line.startsWith('not ok ')) tally.failed += 1
    console.log(`${sdk.name}: ${line}`.slice(0, 500))
  }
  const { exitCode, output } = await runCommand({ ...program, env }, { signal, onLine })
  const checks = tally.passed - before.passed + tally.failed - before.failed
  const clean = exitCode === 0 && checks > 0
  // A program that printed `not ok` has reported its failure. One that ended early has not.
  if (!clean && tally.failed === before.failed) fail(`${sdk.name}: exit code ${exitCode}\n${output}`)
  console.log(`# ${sdk.name}: ${checks} checks in ${Date.now() - startedMs} ms`)
}

/** Runs the example in docs/sdks.md. It prints a line for each participant, with the identity first. */
async function runExample(
  sdk: OfficialSdk,
  programs: Programs,
  rollcall: Rollcall,
  what: string,
  { roomSid, identities }: ListedRoom,
) {
  const { language, fileName } = sdk.example
  const file = join(tempFolder, fileName)
  await writeDocsExample({ ...rollcall, language, file, roomSid })
  const told: string[] = []
  const onLine = (line: string) => void told.push(line.split(' ')[0]?.replace(NO_VALUE, '') ?? '')
  const { exitCode, output } = await runCommand(programs.example(file), { signal, onLine })
  const wanted = identities.map(identity => identity ?? '').sort()
  if (exitCode === 0 && told.sort().join() === wanted.join()) {
    tally.passed += 1
    console.log(`${sdk.name}: ok the example in docs/sdks.md, a room ${what}`)
  } else {
    const outcome = `exit code ${exitCode}, ${told.length} lines\n${output}`
    fail(`${sdk.name}: the example in docs/sdks.md, a room ${what}: ${outcome}`)
  }
}

function skip(what: string): void {
  tally.skipped += 1
  console.log(`skip ${what}`)
}

function fail(what: string): void {
  tally.failed += 1
  console.log(`not ok ${what}`)
}
