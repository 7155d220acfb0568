/** The lines of a table: a heading and rows, each column as wide as its widest cell. */
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

/** Senders of deliveries choose some cells: a control character could move the cursor or forge a line. */
function visible(cell: string): string {
  return cell.replace(/\p{Cc}/gu, character => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}
