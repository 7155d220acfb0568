import { postWebhook } from '../../src/demo/livekit-webhook.ts'
import { type Ended, type Invocation, type Running, runProgram, type Scope, startProgram } from './program.ts'

export interface RunningServer extends Running {
  readonly url: string
  readonly accountSid: string
}

/** Starts `rollcall serve` on a free port, over the database `data` in the folder. */
export async function startServe(
  t: Scope,
  { args = [], ...rest }: Omit<Invocation, 'args'> & { args?: readonly string[] },
): Promise<RunningServer> {
  const invocation = { ...rest, args: ['serve', '--port', '0', '--database', 'data', ...args] }
  const running = await startProgram(t, invocation, /^Feeds /m)
  return {
    ...running,
    url: told(running.stdout(), /^Rollcall listens on (\S+)$/m),
    accountSid: told(running.stdout(), /^Account SID +(\S+)$/m),
  }
}

/** Runs a command over the database `data` in the folder. */
export async function rollcall(cwd: string, args: readonly string[], input?: string): Promise<Ended> {
  return await runProgram({
    cwd,
    args: [...args, '--database', 'data'],
    ...(input === undefined ? {} : { input }),
  })
}

/** Runs a command that must succeed. Resolves to what it printed. */
export async function rollcallPrints(cwd: string, args: readonly string[], input?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await rollcall(cwd, args, input)
  if (exitCode !== 0) throw new Error(`rollcall ${args.join(' ')} ended with ${exitCode}: ${stderr}`)
  return stdout
}

/** The first group of the pattern in what a program printed. Throws if the text does not match. */
export function told(text: string, pattern: RegExp): string {
  const value = pattern.exec(text)?.[1]
  if (value === undefined) throw new Error(`There is no ${pattern} in: ${text}`)
  return value
}

/** GETs a path of the API. Resolves to the status and the text of the answer. */
export async function ask(url: string, path: string, user: string, password: string) {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const response = await fetch(url + path, { headers: { authorization } })
  return { status: response.status, text: await response.text() }
}

/** Signs a LiveKit webhook and delivers it. Resolves to the status. */
export async function deliverWebhook(
  url: string,
  payload: unknown,
  [apiKey, apiSecret]: readonly [string, string],
): Promise<number> {
  const response = await postWebhook({ baseUrl: url, apiKey, apiSecret, payload, nowMs: Date.now() })
  await response.arrayBuffer()
  return response.status
}
