import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

export const LIVEKIT_VERSION = 'v1.13.5'

const MODULE = 'github.com/livekit/livekit-server'
const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'rollcall')

/** The path of the built server, by version. A second run uses it again. */
export const LIVEKIT_BINARY = join(CACHE, `livekit-server-${LIVEKIT_VERSION}`)

/**
 * Builds livekit-server in a copy of its Go module: `go install` refuses a module with `replace` lines, which apply
 * only in the main module.
 */
export function buildLivekit(go: string): void {
  if (existsSync(LIVEKIT_BINARY)) return
  console.log(`Building livekit-server ${LIVEKIT_VERSION}, once; this takes some minutes`)
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-livekit-'))
  try {
    const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' }
    const answer = execFileSync(go, ['mod', 'download', '-json', `${MODULE}@${LIVEKIT_VERSION}`], {
      cwd: folder,
      env,
      encoding: 'utf8',
    })
    const source = join(folder, 'source')
    cpSync(JSON.parse(answer).Dir, source, { recursive: true })
    makeWritable(source)
    const built = join(folder, 'livekit-server')
    execFileSync(go, ['build', '-o', built, './cmd/server'], { cwd: source, env, stdio: 'inherit' })
    mkdirSync(CACHE, { recursive: true })
    // Copied under another name and then renamed, so that an incomplete binary is never started.
    cpSync(built, `${LIVEKIT_BINARY}.new`)
    renameSync(`${LIVEKIT_BINARY}.new`, LIVEKIT_BINARY)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Makes a copy of a module writable, because the files of Go's module cache are read-only. */
function makeWritable(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(join(folder, entry.name))
  }
}
