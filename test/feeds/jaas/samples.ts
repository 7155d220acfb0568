import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The example of an event in 8x8's documentation: 8x8Cloud/public-developer-docs, docs/jaas/docs/webhooks-payload.md.
 * It is in `<event type>.json` beside this file, values unchanged.
 */
export function documented(eventType: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(join(import.meta.dirname, `${eventType}.json`), 'utf8'))
}
