import { spawn, spawnSync } from 'node:child_process'

/** Media needs an interface other than the loopback. Both ends of this veth pair are inside the namespace. */
export const MEDIA_INTERFACE = 'live0'
export const MEDIA_ADDRESS = '10.99.0.1'

// With a PID namespace, the kernel ends all processes of the script when the script ends for any reason.
const UNSHARE = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc']
const ROOTLESS = process.getuid?.() === 0 ? [] : ['--map-root-user']
const SET_UP = [
  'PATH=$PATH:/usr/sbin:/sbin',
  'ip link set lo up',
  `ip link add ${MEDIA_INTERFACE} type veth peer name live1`,
  `ip address add ${MEDIA_ADDRESS}/24 dev ${MEDIA_INTERFACE}`,
  `ip link set ${MEDIA_INTERFACE} up`,
  'ip link set live1 up',
].join(' && ')

/** Why no namespace can be made here; undefined if one can. */
export function whyNoNamespace(): string | undefined {
  const trial = spawnSync('unshare', [...UNSHARE, ...ROOTLESS, 'sh', '-c', SET_UP], { encoding: 'utf8' })
  if (trial.status === 0) return undefined
  return trial.error?.message ?? trial.stderr.trim().split('\n')[0] ?? 'no reason given'
}

/** Runs a command in a network namespace of its own. Resolves to its exit code, if it has one. */
export function runInNamespace(
  command: string[],
  env: Record<string, string>,
  limitMs: number,
): Promise<number | null> {
  const inside = ['sh', '-c', `${SET_UP} && "$@"`, 'sh', ...command]
  const child = spawn('unshare', [...UNSHARE, ...ROOTLESS, ...inside], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'inherit', 'inherit'], // its standard input ends when this process ends for any reason
  })
  const killer = setTimeout(() => {
    console.error(`Not done after ${limitMs / 1000} s: stopped`)
    child.kill('SIGKILL')
  }, limitMs)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill('SIGKILL'))
  return new Promise(resolve => {
    child.once('exit', code => {
      clearTimeout(killer)
      resolve(code)
    })
  })
}
