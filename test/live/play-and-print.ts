import type { Fact } from './facts-about.ts'
import { printFacts } from './print-facts.ts'

/** Notes that a service must be stopped at the end; the last one is stopped first. */
export type Keep = <T extends { stop(): unknown }>(service: T) => T

/**
 * The main function of a script in the namespace: calls `play`, prints its facts, stops the services and ends the
 * process. Also ends it when the process that started it has ended.
 */
export async function playAndPrint(cast: string, play: (keep: Keep) => Promise<Fact[]>): Promise<never> {
  process.stdin.resume().once('end', () => process.exit(1))
  const startedAtMs = Date.now()
  const stops: (() => unknown)[] = []
  const keep: Keep = service => {
    stops.push(() => service.stop())
    return service
  }
  const { passed, failed } = await play(keep).then(printFacts, error => {
    console.error(error)
    return { passed: 0, failed: 1 }
  })
  for (const stop of stops.reverse()) await stop()
  console.log(`\n${cast}, ${Math.round((Date.now() - startedAtMs) / 1000)} s`)
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(failed === 0 ? 0 : 1)
}
