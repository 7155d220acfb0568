/** The parts of a text between its commas, without spaces around them; an empty part does not count. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
}

/**
 * The values of pairs like `name=value`, by name. Throws an error whose message says what is expected, or the error of
 * `parse` for a value.
 */
export function parsePairs<T>(
  text: string | undefined,
  parse: (value: string) => T,
): Readonly<Record<string, T>> {
  const pairs = listOf(text ?? '').map(pair => {
    const [name = '', value = '', ...more] = pair.split('=').map(part => part.trim())
    if (name === '' || value === '' || more.length > 0) {
      throw new Error('pairs like name=value, with commas, are expected')
    }
    return [name, parse(value)] as const
  })
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) {
    throw new Error('pairs with different names are expected')
  }
  return Object.fromEntries(pairs)
}
