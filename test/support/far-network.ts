import { execFileSync } from 'node:child_process'

/** A network namespace with one machine in it. It can be cut off, so that packets are lost without an error. */
export interface FarNetwork {
  /** The address of the machine. */
  readonly address: string
  /** The command that runs a program there, as the user nobody. It comes before the program. */
  readonly launcher: readonly string[]
  cut(): void
  mend(): void
  remove(): void
}

const FAR_MAC = '02:00:00:00:00:02'
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']

/** Makes such a network; undefined if that is not possible here. It needs root and iproute2. */
export function farNetwork(): FarNetwork | undefined {
  const name = `rollcall-${process.pid}`
  const [near, far] = [`rcn${process.pid}`, `rcf${process.pid}`]
  const subnet = `10.98.${process.pid % 250}`
  const address = `${subnet}.2`
  try {
    ip('netns', 'add', name)
  } catch {
    return undefined
  }
  ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'address', FAR_MAC, 'netns', name)
  ip('address', 'add', `${subnet}.1/24`, 'dev', near)
  ip('link', 'set', near, 'up')
  ip('-n', name, 'address', 'add', `${address}/24`, 'dev', far)
  ip('-n', name, 'link', 'set', 'lo', 'up')
  ip('-n', name, 'link', 'set', far, 'up')
  // A permanent entry, since otherwise the kernel would soon report that the host is unreachable.
  ip('neighbour', 'replace', address, 'lladdr', FAR_MAC, 'dev', near, 'nud', 'permanent')
  return {
    address,
    launcher: ['ip', 'netns', 'exec', name, ...NOBODY],
    cut: () => ip('-n', name, 'link', 'set', far, 'down'),
    mend: () => ip('-n', name, 'link', 'set', far, 'up'),
    remove() {
      // The link is deleted by name, because sockets that are not closed yet keep the namespace alive.
      ip('link', 'delete', near)
      ip('netns', 'delete', name)
    },
  }
}

function ip(...args: string[]): void {
  const PATH = `${process.env['PATH']}:/usr/sbin:/sbin`
  execFileSync('ip', args, { env: { PATH }, stdio: ['ignore', 'ignore', 'pipe'] })
}
