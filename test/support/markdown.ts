import { readFileSync } from 'node:fs'

/** The parts of a Markdown document that tests use. */
export interface Document {
  readonly path: string
  readonly headings: readonly string[]
  /** The text without fenced code and without code spans. */
  readonly prose: string
  /** The text of each code span. */
  readonly spans: readonly string[]
  /** Each block of fenced code, with its language. */
  readonly blocks: readonly { readonly language: string; readonly text: string }[]
  readonly tables: readonly Table[]
  /** The targets of links. */
  readonly links: readonly string[]
}

export interface Table {
  /** The heading of level 2 above the table. */
  readonly section: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

const FENCE = /^ *```(\S*)[^\n]*\n([\s\S]*?)^ *```$/gm
const SPAN = /`([^`\n]+)`/g

export function readDocument(path: string): Document {
  const text = readFileSync(path, 'utf8')
  const blocks = [...text.matchAll(FENCE)].map(([, language = '', code = '']) => ({ language, text: code }))
  const unfenced = text.replace(FENCE, '')
  const prose = unfenced.replace(SPAN, ' ')
  return {
    path,
    headings: [...unfenced.matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) => title),
    prose,
    spans: [...unfenced.matchAll(SPAN)].map(([, code = '']) => code),
    blocks,
    tables: tablesOf(unfenced),
    links: [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target),
  }
}

/** The anchors of the headings of a document. */
export function anchorsOf({ headings }: Document): string[] {
  return headings.map(title =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** The rows of all tables that have these columns. */
export function rowsUnder(document: Document, columns: readonly string[]): (readonly string[])[] {
  const isMeant = (table: Table) => columns.every((name, index) => table.columns[index] === name)
  return document.tables.filter(isMeant).flatMap(table => table.rows)
}

function tablesOf(text: string): Table[] {
  const tables: Table[] = []
  let section = ''
  let lines: string[] = []
  for (const line of `${text}\n\n`.split('\n')) {
    if (line.startsWith('|')) {
      lines.push(line)
      continue
    }
    const [columns, , ...rows] = lines.map(cellsOf)
    if (columns !== undefined) tables.push({ section, columns, rows })
    lines = []
    section = /^## (.+)$/.exec(line)?.[1] ?? section
  }
  return tables
}

function cellsOf(line: string): string[] {
  const inner = line.trim().replace(/^\||\|$/g, '')
  return inner.split(/(?<!\\)\|/).map(cell => cell.trim().replaceAll('\\|', '|'))
}
