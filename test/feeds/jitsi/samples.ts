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
  /** What the receiver answered then: the module repeats what is answered with a 5xx. */
  readonly status: number
  readonly body: object
}

/**
 * What Debian's prosody 0.12.3 with mod_event_sync_component sent while plain XMPP clients came and went: a request
 * a line, in the order of arrival, untouched (recording.jsonl beside this file).
 */
export const RECORDED: readonly Recorded[] = textOf('recording.jsonl')
  .trimEnd()
  .split('\n')
  .map(line => JSON.parse(line))

function textOf(file: string): string {
  return readFileSync(join(import.meta.dirname, file), 'utf8')
}
