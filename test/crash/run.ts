// Kills a server under full load at random moments: no acknowledged event may be lost, and no answer may differ.
import { parseArgs } from 'node:util'
import { temporaryFolder } from '../support/program.ts'
import { compareAnswers } from './compare-answers.ts'
import { crash } from './crash.ts'
import { type Ledger, ledger } from './ledger.ts'
import { randomFrom } from './random.ts'
import { webhooks } from './webhooks.ts'

const HELP = `npm run test:crash -- [--times N] [--seed N]

A server takes LiveKit webhooks over 32 connections as fast as it can, and is killed with SIGKILL at a random moment.
Then its database is checked, and the next server starts over it and receives again what was not acknowledged. At the
end all answers are compared with those of a server that was never killed, and with those during rollcall rebuild.
A kill is not a power failure: what the kernel has received survives it, so that this does not test fsync.

  --times N   how often the server is killed, 100 by default
  --seed N    determines the events, their order and the delays, but not the exact moment of each kill
`
const MAX_LOAD_MS = 800
const PROGRESS_EVERY = 10

const { values } = parseArgs({
  options: { times: { type: 'string' }, seed: { type: 'string' }, help: { type: 'boolean' } },
})
const times = Number(values.times ?? 100)
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000))
if (values.help || !Number.isInteger(times) || times < 1 || !Number.isInteger(seed)) {
  console.log(HELP)
  process.exitCode = values.help ? 0 : 2
} else {
  process.exitCode = (await main()) === 0 ? 0 : 1
}

/** Resolves to the number of checks that failed. The run ends with the first, because later checks depend on it. */
async function main(): Promise<number> {
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort())
  const endings: (() => Promise<void>)[] = []
  const scope = { after: (work: () => Promise<void>) => void endings.unshift(work) }
  let passed = 0
  let failed = 0
  const pass = (what: string | undefined) => {
    passed++
    if (what !== undefined) console.log(`ok ${what}`)
    interrupted.signal.throwIfAborted()
  }
  console.log(`# seed ${seed}`)
  try {
    const random = randomFrom(seed)
    const sender = ledger(webhooks(random))
    const folder = await temporaryFolder(scope)
    const sum = { loadMs: 0, storedUnanswered: 0 }
    for (let kill = 1; kill <= times; kill++) {
      const killAfterMs = random.below(MAX_LOAD_MS)
      const crashed = await crash({ scope, folder, ledger: sender, killAfterMs }).catch(error => {
        throw new Error(`kill ${kill}, ${killAfterMs} ms after the load began: ${messageOf(error)}`)
      })
      sum.loadMs += crashed.loadMs
      sum.storedUnanswered += crashed.storedUnanswered
      const isTold = kill === times || kill % PROGRESS_EVERY === 0
      pass(isTold ? `${kill} kills: ${figuresOf(sender, sum)}` : undefined)
    }
    for await (const held of compareAnswers({ scope, folder, ledger: sender })) pass(held)
  } catch (error) {
    failed++
    console.log(`not ok ${messageOf(error)}`)
    console.log(`# again: npm run test:crash -- --seed ${seed} --times ${times}`)
  } finally {
    for (const end of endings) await end()
  }
  console.log(`${passed} passed, ${failed} failed`)
  return failed
}

function figuresOf(sender: Ledger, sum: { loadMs: number; storedUnanswered: number }): string {
  const acknowledged = sender.acknowledgements()
  const rate = Math.round(acknowledged / (sum.loadMs / 1000))
  return (
    `${acknowledged} deliveries of ${sender.entries.size} events acknowledged, ${rate} a second; ` +
    `${sender.unanswered()} had no answer, of them ${sum.storedUnanswered} stored`
  )
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
