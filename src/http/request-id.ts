import { randomBytes } from 'node:crypto'

/** A new id for a request: `RQ` and 32 hex digits, as Twilio's are. */
export function newRequestId(): string {
  return `RQ${randomBytes(16).toString('hex')}`
}
