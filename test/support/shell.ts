/** One command of a shell script: the variables that are set for it, and its words. */
export interface ShellCommand {
  readonly variables: readonly string[]
  readonly words: readonly string[]
}

const HEREDOC = /<<-?\s*(['"]?)(\w+)\1([^\n]*)\n[\s\S]*?^\s*\2$/gm
const WORD = /(?:[^\s'"\\|&;()#]|'[^']*'|"(?:[^"\\]|\\[\s\S])*"|\\[\s\S]|(?<=\S)#)+/y
const BREAK = /(?:&&|\|\||[|&;()\n]|#[^\n]*)+/y
const SPACE = /(?:[ \t]|\\\n)+/y

/** The commands of a shell script. Knows the syntax that documents use: quotes, comments, pipes, lists, heredocs. */
export function shellCommands(text: string): ShellCommand[] {
  const source = text.replace(HEREDOC, '$3')
  const commands: string[][] = [[]]
  let at = 0
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at
    const found = pattern.exec(source)?.[0]
    at += found?.length ?? 0
    return found
  }
  while (at < source.length) {
    if (take(SPACE) !== undefined) continue
    const word = take(WORD)
    if (word !== undefined) commands.at(-1)?.push(unquoted(word))
    else if (take(BREAK) !== undefined) commands.push([])
    else throw new Error(`This is not a shell script: ${source.slice(at, at + 60)}`)
  }
  return commands.filter(words => words.length > 0).map(splitVariables)
}

function splitVariables(words: readonly string[]): ShellCommand {
  const first = words.findIndex(word => !/^[A-Za-z_]\w*=/.test(word))
  const count = first < 0 ? words.length : first
  return {
    variables: words.slice(0, count).map(word => word.slice(0, word.indexOf('='))),
    words: words.slice(count),
  }
}

function unquoted(word: string): string {
  return word.replace(/'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])/g, '$1$2$3')
}
