import Type from 'typebox'

/**
 * Every error that Rollcall answers with: the HTTP status, Twilio's integer code, and the message unless the code that
 * raises the error gives another. Source of the codes: Twilio's error dictionary (twilio.com/docs/api/errors).
 */
export const ERRORS = {
  invalidParameter: { status: 400, code: 20001, message: 'Invalid parameter' },
  badRequest: { status: 400, code: 20001, message: 'The request cannot be read' },
  invalidPageToken: { status: 400, code: 21481, message: 'Invalid PageToken' },
  unauthorized: { status: 401, code: 20003, message: 'Authentication Error - invalid username or password' },
  noCredentials: { status: 401, code: 20003, message: 'Authentication Error - No credentials provided' },
  notFound: { status: 404, code: 20404, message: 'The requested resource was not found' },
  methodNotAllowed: { status: 405, code: 20004, message: 'Method not allowed' },
  requestTimeout: { status: 408, code: 20408, message: 'The request took too long to arrive' },
  bodyTooLarge: { status: 413, code: 20413, message: 'The request body is too large' },
  headersTooLarge: { status: 431, code: 20431, message: 'The request headers are too large' },
  tooManyRequests: { status: 429, code: 20429, message: 'Too Many Requests' },
  internal: { status: 500, code: 20500, message: 'Internal Server Error' },
  unavailable: { status: 503, code: 20503, message: 'Service Unavailable' },
} as const

export type ErrorName = keyof typeof ERRORS

/**
 * The error object of Twilio's REST APIs. It has no `type` and no `title`: Twilio's SDKs raise an error of another
 * class for a body with one of them.
 */
export const ErrorBody = Type.Object(
  {
    code: Type.Integer({ description: "Twilio's error number" }),
    message: Type.String(),
    more_info: Type.String(),
    status: Type.Integer({ description: 'The HTTP status' }),
  },
  { $id: 'Error' },
)

export type ErrorBody = Type.Static<typeof ErrorBody>

/** May be raised while any request is handled. The answer is the error object, with the headers given. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly error: ErrorName
  readonly headers: Readonly<Record<string, string>>

  constructor(error: ErrorName, message?: string, headers: Readonly<Record<string, string>> = {}) {
    super(message ?? ERRORS[error].message)
    this.error = error
    this.headers = headers
  }
}

/** The error object of an error, with the message in ERRORS unless another is given. */
export function errorBody(error: ErrorName, message?: string): ErrorBody {
  const { code, status, message: standard } = ERRORS[error]
  return {
    code,
    message: message ?? standard,
    more_info: `https://www.twilio.com/docs/errors/${code}`,
    status,
  }
}
