import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { StoppedError } from './command.ts'

export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Reads a line from standard input; empty if there is none. On a terminal `prompt` is shown on standard error, and what
 * is typed is not shown. Rejects with StoppedError if a signal comes meanwhile.
 */
export async function readLine(prompt: string): Promise<string> {
  const { stdin, stderr } = process
  const onTerminal = stdin.isTTY ? { terminal: true, output: nowhere(), historySize: 0 } : {}
  // On a terminal it switches the echo off, and shows by itself what is typed: nowhere.
  const lines = createInterface({ input: stdin, ...onTerminal })
  let stop = (_signal: NodeJS.Signals): void => {}
  try {
    return await new Promise<string>((resolve, reject) => {
      stop = signal => reject(new StoppedError('Stopped before anything was changed.', signal))
      for (const signal of STOP_SIGNALS) process.once(signal, stop)
      lines.once('line', resolve)
      lines.once('close', () => resolve(''))
      // Ctrl-C, which is no signal while the echo is off.
      lines.once('SIGINT', () => stop('SIGINT'))
      if (stdin.isTTY) stderr.write(prompt)
    })
  } finally {
    for (const signal of STOP_SIGNALS) process.off(signal, stop)
    lines.close()
    if (stdin.isTTY) stderr.write('\n')
  }
}

function nowhere(): Writable {
  return new Writable({
    write(_chunk, _encoding, done) {
      done()
    },
  })
}
