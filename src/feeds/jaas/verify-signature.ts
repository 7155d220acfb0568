import { createHmac } from 'node:crypto'
import type { Delivery } from '../feed.ts'
import { UnauthenticError } from '../feed-errors.ts'
import { isSame } from '../signature.ts'

/**
 * Throws UnauthenticError unless X-Jaas-Signature is the HMAC-SHA-256 of the moment and the body with this secret. The
 * header is a format of 8x8's own and no JWT. The moment is not compared with now, because 8x8 repeats a delivery for
 * hours, and a repetition is stored once. Source: developer.8x8.com/jaas/docs, "Webhooks", signature verification.
 */
export function verifySignature(delivery: Delivery, secret: string): void {
  const { moment, signatures } = signatureOf(delivery)
  const expected = createHmac('sha256', secret).update(`${moment}.`).update(delivery.body).digest()
  if (!signatures.some(signature => isSame(signature, expected))) {
    throw new UnauthenticError('X-Jaas-Signature is not that of this body with the secret of this webhook.')
  }
}

/** The parts of `t=1632490060,v1=<base64>`. Each is cut at its first `=`, because base64 may end in `=`. */
function signatureOf({ headers }: Delivery): { moment: string; signatures: Buffer[] } {
  const parts = (headers['x-jaas-signature'] ?? '').split(',').map(part => {
    const cut = part.indexOf('=')
    return { scheme: part.slice(0, cut).trim(), value: part.slice(cut + 1).trim() }
  })
  const moment = parts.find(({ scheme }) => scheme === 't')?.value
  const signatures = parts
    .filter(({ scheme }) => scheme === 'v1')
    .map(({ value }) => Buffer.from(value, 'base64'))
  if (moment === undefined || signatures.length === 0) {
    throw new UnauthenticError('X-Jaas-Signature is missing: give the webhook a secret.')
  }
  return { moment, signatures }
}
