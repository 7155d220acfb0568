/** One instruction of a Dockerfile. */
export interface Instruction {
  readonly name: string
  readonly rest: string
}

/** One path that a COPY copies. `from` is a build stage, or undefined for the build context. */
export interface Copy {
  readonly from: string | undefined
  readonly source: string
  readonly to: string
}

/** The lines that are neither empty nor comments. */
export function linesOf(text: string): string[] {
  return text.split('\n').filter(line => line.trim() !== '' && !line.startsWith('#'))
}

/** The variables that an environment file sets. */
export function variablesOf(text: string): Record<string, string> {
  return Object.fromEntries(linesOf(text).map(assignment))
}

/** The directives of a systemd unit, by `Section.Directive`. If a directive is repeated, its last value. */
export function unitOf(text: string): ReadonlyMap<string, string> {
  const unit = new Map<string, string>()
  let section = ''
  for (const line of linesOf(text)) {
    const heading = /^\[(\w+)\]$/.exec(line)?.[1]
    section = heading ?? section
    const [name, value] = assignment(line)
    if (heading === undefined) unit.set(`${section}.${name}`, value)
  }
  return unit
}

export function instructionsOf(dockerfile: string): Instruction[] {
  const joined = dockerfile.replace(/\s*\\\n\s*/g, ' ')
  return linesOf(joined).map(line => {
    const [name = '', ...rest] = line.split(' ')
    return { name, rest: rest.join(' ') }
  })
}

/** What the COPY instructions copy. If the target ends in a slash, the file keeps its name in that folder. */
export function copiesOf(instructions: readonly Instruction[]): Copy[] {
  return instructions.flatMap(({ name, rest }) => {
    if (name !== 'COPY') return []
    const [, from, paths = ''] = /^(?:--from=(\S+) )?(.+)$/.exec(rest) ?? []
    const sources = paths.split(' ')
    const to = sources.pop() ?? ''
    return sources.map(source => ({ from, source, to: to.endsWith('/') ? source : to }))
  })
}

function assignment(line: string): [name: string, value: string] {
  const at = line.indexOf('=')
  return [line.slice(0, at), line.slice(at + 1)]
}
