import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findStage, onPath } from '../find-tools.ts'
import { runStage } from '../run-stage.ts'
import { skip } from '../skip.ts'

const HELP = `node test/live/janus/run.ts [--logs FOLDER]

Headless browsers meet in rooms of a real Janus, whose events two Rollcalls receive: one by WebSocket, one by HTTP.
Then the records, read with Twilio's SDK, are compared with what the browsers saw. There is no network access.

  --logs FOLDER   keep the logs of the servers in FOLDER
`
const LIMIT_MS = 240_000

process.exitCode = await main()

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { logs: { type: 'string' }, help: { type: 'boolean' } } })
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const stage = findStage()
  if (typeof stage === 'string') return skip(stage)
  const janus = onPath(['janus'])
  if (janus === undefined) return skip('janus is missing: apt-get install janus')
  const args = ['--chromium', stage.chromium, '--janus', janus]
  return runStage(join(import.meta.dirname, 'run-inside.ts'), { args, logs: values.logs, limitMs: LIMIT_MS })
}
