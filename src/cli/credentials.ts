import { randomBytes, randomInt } from 'node:crypto'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const SECRET_CHARS = 40

/** A new SID: the prefix and 32 random hex digits. */
export function newSid(prefix: 'AC' | 'SK'): string {
  return prefix + randomBytes(16).toString('hex')
}

/** A new token or secret: only letters and digits, since Twilio's Go SDK refuses other characters. */
export function newSecret(): string {
  return Array.from({ length: SECRET_CHARS }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('')
}
