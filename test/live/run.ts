import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildLivekit } from './build-livekit.ts'
import { findTools } from './find-tools.ts'
import { runStage } from './run-stage.ts'
import { skip } from './skip.ts'

const HELP = `npm run test:live -- [--record FILE] [--logs FOLDER]

Headless browsers meet in rooms of a real LiveKit server, whose webhooks Rollcall receives. Then the records, read with
Twilio's SDK, are compared with what the browsers saw. The only network access is the first download of the sources of
livekit-server.

  --record FILE   write each webhook of LiveKit as a line of FILE
  --logs FOLDER   keep the logs of the servers in FOLDER
`
const LIMIT_MS = 400_000

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

  const args = ['--chromium', tools.chromium]
  if (values.record !== undefined) args.push('--record', resolve(values.record))
  return runStage(join(import.meta.dirname, 'run-inside.ts'), { args, logs: values.logs, limitMs: LIMIT_MS })
}
