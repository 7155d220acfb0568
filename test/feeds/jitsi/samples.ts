import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The examples of event_sync's README: jitsi-contrib/prosody-plugins, commit cd9b905 (muc-*.json beside this file).
 */
export const README_EXAMPLES: readonly object[] = [
  'muc-room-created.json',
  'muc-occupant-joined.json',
  'muc-occupant-left.json',
  'muc-room-destroyed.json',
].map(file => JSON.parse(textOf(file)))

interface Recorded {
  readonly recv_ms: number
  /** The status that the receiver answered. The module repeats a request that is answered with a 5xx. */
  readonly status: number
  readonly body: object
}

/**
 * The requests of Debian's prosody 0.12.3 with mod_event_sync_component, recorded while plain XMPP clients joined and
 * left. Each line of recording.jsonl is one request as it arrived, in the order of arrival.
 */
export const RECORDED: readonly Recorded[] = textOf('recording.jsonl')
  .trimEnd()
  .split('\n')
  .map(line => JSON.parse(line))

function textOf(file: string): string {
  return readFileSync(join(import.meta.dirname, file), 'utf8')
}
