/** The text as every engine keeps it: well-formed, and without NUL, which only SQLite's texts can hold. */
export function wellFormed(text: string): string {
  return text.toWellFormed().replaceAll('\0', '')
}
