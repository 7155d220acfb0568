/** The delivery is not proved to come from whom it names; the message says why, without any secret. */
export class UnauthenticError extends Error {
  override name = 'UnauthenticError'
}

/** The body is not what this feed sends; the message names what is wrong. */
export class JunkError extends Error {
  override name = 'JunkError'
}
