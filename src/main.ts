import { inspect } from 'node:util'
import { commands } from './cli/index.ts'
import { readLine, STOP_SIGNALS } from './cli/read-line.ts'
import { exitCodeOf, runProgram } from './cli/run-program.ts'

/** Longer than the server waits for a database that does not answer. */
const END_WITHIN_MS = 10_000

// A reader such as `head` may close the output before its end.
process.stdout.on('error', error => process.exit('code' in error && error.code === 'EPIPE' ? 0 : 1))

// A rejection that nothing handles arrives here too.
process.on('uncaughtException', error => {
  process.stderr.write(`rollcall: The process ends, because nothing handles this error: ${inspect(error)}\n`)
  process.exit(1)
})

process.exitCode = await runProgram(process.argv.slice(2), {
  commands,
  env: process.env,
  writeOut: text => void process.stdout.write(text),
  writeError: text => void process.stderr.write(text),
  readLine,
  clock: Date.now,
  heedSignals,
})

/** A second signal of the same kind ends the process at once, and so does a command that takes too long to end. */
function heedSignals(): AbortSignal {
  const stopping = new AbortController()
  for (const signal of STOP_SIGNALS) {
    process.once(signal, () => {
      stopping.abort(signal)
      setTimeout(() => {
        process.stderr.write(`rollcall: It did not end within ${END_WITHIN_MS / 1000} s after ${signal}.\n`)
        process.exit(exitCodeOf(signal))
      }, END_WITHIN_MS).unref()
    })
  }
  return stopping.signal
}
