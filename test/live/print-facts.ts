import type { Fact } from './facts-about.ts'

/** Prints the facts as a table of expected and actual values. Gives how many of them passed and failed. */
export function printFacts(facts: Fact[]): { passed: number; failed: number } {
  const nameWidth = widest(facts.map(({ name }) => name))
  const expectedWidth = widest(facts.map(({ expected }) => expected))
  let subject: string | undefined
  console.log(`\n    ${'fact'.padEnd(nameWidth)}  ${'expected'.padEnd(expectedWidth)}  got`)
  for (const fact of facts) {
    if (fact.subject !== subject) console.log(`\n${fact.subject}`)
    subject = fact.subject
    const mark = fact.ok ? '✓' : '✗'
    console.log(
      `  ${mark} ${fact.name.padEnd(nameWidth)}  ${fact.expected.padEnd(expectedWidth)}  ${fact.got}`,
    )
  }
  const passed = facts.filter(({ ok }) => ok).length
  return { passed, failed: facts.length - passed }
}

function widest(texts: string[]): number {
  return Math.max(...texts.map(text => text.length))
}
