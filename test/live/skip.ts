/** Reports that a program is missing. Gives the exit code: 0 on a developer's machine, 1 in CI. */
export function skip(reason: string): number {
  const isCi = process.env.CI === 'true'
  console.log(isCi ? reason : `Skipped: ${reason}`)
  console.log(isCi ? '0 passed, 1 failed' : '0 passed, 0 failed, 1 skipped')
  return isCi ? 1 : 0
}
