import { execFileSync } from 'node:child_process'

/** A network beside this one, with one machine in it, which can be cut off so that every packet is lost in silence. */
export interface FarNetwork {
  /** The address of the machine. */
  readonly address: string
  /** The words before a program that make it run there, as nobody. */
  readonly launcher: readonly string[]
  cut(): void
  mend(): void
  remove(): void
}

const FAR_MAC = '02:00:00:00:00:02'
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']

/** Undefined where this system or user cannot make one: it takes root, and iproute2. */
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
  // Else the kernel would soon tell that nobody is there.
  ip('neighbour', 'replace', address, 'lladdr', FAR_MAC, 'dev', near, 'nud', 'permanent')
  return {
    address,
    launcher: ['ip', 'netns', 'exec', name, ...NOBODY],
    cut: () => ip('-n', name, 'link', 'set', far, 'down'),
    mend: () => ip('-n', name, 'link', 'set', far, 'up'),
    remove() {
      // Sockets that nobody has any more would keep it, and the network with it.
      ip('link', 'delete', near)
      ip('netns', 'delete', name)
    },
  }
}

function ip(...args: string[]): void {
  const PATH = `${process.env['PATH']}:/usr/sbin:/sbin`
  execFileSync('ip', args, { env: { PATH }, stdio: ['ignore', 'ignore', 'pipe'] })
}
