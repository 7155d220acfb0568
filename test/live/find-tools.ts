import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { LIVEKIT_BINARY } from './build-livekit.ts'
import { whyNoNamespace } from './namespace.ts'

export interface Tools {
  /** Undefined if livekit-server is already built. */
  go: string | undefined
  chromium: string
}

/** The programs that the test needs, or a line that says which is missing and how to install it. */
export function findTools(): Tools | string {
  const isBuilt = existsSync(LIVEKIT_BINARY)
  const go = isBuilt ? undefined : onPath(['go'], ['/usr/local/go/bin'])
  if (!isBuilt && !go) return 'go is missing: install it from https://go.dev/dl'
  const found = findStage()
  return typeof found === 'string' ? found : { go, ...found }
}

/** What every test with browsers and a media server needs, or a line that says what is missing. */
export function findStage(): { chromium: string } | string {
  if (process.platform !== 'linux')
    return 'Linux is missing: the test lives in a network namespace of its own'
  const chromium = onPath(['chromium', 'chromium-browser', 'google-chrome'])
  if (!chromium) return 'chromium is missing: apt-get install chromium'
  if (!onPath(['unshare'])) return 'unshare is missing: apt-get install util-linux'
  if (!onPath(['ip'], ['/usr/sbin', '/sbin'])) return 'ip is missing: apt-get install iproute2'
  const refusal = whyNoNamespace()
  if (refusal)
    return `a network namespace is missing: run as root, in a container with CAP_SYS_ADMIN (${refusal})`
  return { chromium }
}

export function onPath(names: string[], extraFolders: string[] = []): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...extraFolders]
  return names.flatMap(name => folders.map(folder => join(folder, name))).find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
