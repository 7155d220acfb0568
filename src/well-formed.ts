/** The text in the form that both engines can store: well-formed Unicode without NUL, which PostgreSQL refuses. */
export function wellFormed(text: string): string {
  return text.toWellFormed().replaceAll('\0', '')
}
