/** What is missing is no failure on one's own machine, and is one where all must be there. Tells the exit code. */
export function skip(reason: string): number {
  const isCi = process.env.CI === 'true'
  console.log(isCi ? reason : `Skipped: ${reason}`)
  console.log(isCi ? '0 passed, 1 failed' : '0 passed, 0 failed, 1 skipped')
  return isCi ? 1 : 0
}
