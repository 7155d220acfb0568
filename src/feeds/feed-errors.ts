/** The delivery does not prove that it comes from the sender that it names. The message says why, without secrets. */
export class UnauthenticError extends Error {
  override name = 'UnauthenticError'
}

/** The body is not one that the senders of this feed send. The message names what is wrong. */
export class JunkError extends Error {
  override name = 'JunkError'
}
