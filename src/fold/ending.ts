import { END_REASON_ERROR_CODES } from '../event.ts'

/** Why a stay ended. */
export interface Ending {
  /** One of END_REASON_ERROR_CODES, or a word of the source's own. */
  readonly reason?: string | undefined
  /** The error code that the source states. */
  readonly errorCode?: number | undefined
  /** True if the feed inferred the reason from other events. */
  readonly inferred?: true | undefined
}

/** The ending that an event states; undefined if it states neither a reason nor an error code. */
export function endingOf(event: {
  endReason?: string
  errorCode?: number
  reasonInferred?: boolean
}): Ending | undefined {
  const { endReason: reason, errorCode, reasonInferred } = event
  if (reason === undefined && errorCode === undefined) return undefined
  return reasonInferred === true ? { reason, errorCode, inferred: true } : { reason, errorCode }
}

/** Twilio's error code for an ending: the stated one, else the one of its reason in END_REASON_ERROR_CODES. */
export function errorCodeOf({ reason, errorCode }: Ending): number | undefined {
  return errorCode ?? (reason === undefined ? undefined : ERROR_CODES.get(reason))
}

const ERROR_CODES: ReadonlyMap<string, number | undefined> = new Map(Object.entries(END_REASON_ERROR_CODES))
