import { createInterface } from 'node:readline/promises'
import { inspect } from 'node:util'
import { commands } from './cli/index.ts'
import { runProgram } from './cli/run-program.ts'

// A reader such as `head` may close the output before its end.
process.stdout.on('error', error => process.exit('code' in error && error.code === 'EPIPE' ? 0 : 1))

// A rejection that nothing handles arrives here too.
process.on('uncaughtException', error => {
  process.stderr.write(`rollcall: The process ends, because nothing handles this error: ${inspect(error)}\n`)
  process.exit(1)
})

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort())

process.exitCode = await runProgram(process.argv.slice(2), {
  commands,
  env: process.env,
  writeOut: text => void process.stdout.write(text),
  writeError: text => void process.stderr.write(text),
  readLine,
  clock: Date.now,
  stop: stopping.signal,
})

async function readLine(prompt: string): Promise<string> {
  const lines = createInterface({
    input: process.stdin,
    output: process.stderr,
    terminal: process.stdin.isTTY,
  })
  try {
    if (process.stdin.isTTY) return await lines.question(prompt)
    for await (const line of lines) return line
    return ''
  } finally {
    lines.close()
  }
}
