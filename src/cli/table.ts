/** Rows under a heading, in columns as wide as their widest cell. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [heading, ...rows].map(row => row.map(visible))
  const widths = heading.map((_, column) => Math.max(...all.map(row => row[column]?.length ?? 0)))
  return all.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** Cells may hold what a stranger sent: a control character would move the terminal's cursor, or forge a line. */
function visible(cell: string): string {
  return cell.replace(/\p{Cc}/gu, character => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}
