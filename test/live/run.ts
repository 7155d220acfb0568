import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildLivekit } from './build-livekit.ts'
import { findTools } from './find-tools.ts'
import { runInNamespace } from './namespace.ts'

const HELP = `npm run test:live -- [--record FILE] [--logs FOLDER]

Headless browsers meet in rooms of a real LiveKit server, whose webhooks Rollcall takes. Then the record,
read through Twilio's SDK, is held against what the browsers saw. Nothing leaves the machine but the
download of livekit-server's sources, once.

  --record FILE   write each webhook that LiveKit sent on a line of FILE
  --logs FOLDER   keep the logs of the servers there
`
const LIMIT_MS = 180_000

process.exitCode = await main()

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { record: { type: 'string' }, logs: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const tools = findTools()
  if (typeof tools === 'string') return skip(tools)
  try {
    if (tools.go) buildLivekit(tools.go)
  } catch (error) {
    return skip(`livekit-server is missing: its build failed, which downloads Go modules (${error})`)
  }

  const folder = mkdtempSync(join(tmpdir(), 'rollcall-live-'))
  const logs = values.logs === undefined ? folder : resolve(values.logs)
  mkdirSync(logs, { recursive: true })
  const inside = [join(import.meta.dirname, 'run-inside.ts'), '--chromium', tools.chromium, '--logs', logs]
  if (values.record !== undefined) inside.push('--record', resolve(values.record))
  try {
    const exitCode = await runInNamespace([process.execPath, ...inside], { TMPDIR: folder }, LIMIT_MS)
    if (exitCode === null) console.log('0 passed, 1 failed')
    return exitCode ?? 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What is missing is no failure on one's own machine, and is one where all must be there. */
function skip(reason: string): number {
  const isCi = process.env.CI === 'true'
  console.log(isCi ? reason : `Skipped: ${reason}`)
  console.log(isCi ? '0 passed, 1 failed' : '0 passed, 0 failed, 1 skipped')
  return isCi ? 1 : 0
}
