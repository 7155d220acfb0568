import { DatabaseError } from 'pg'
import { StoreUnavailableError } from '../database.ts'

/**
 * Classes and codes of SQLSTATE (PostgreSQL documentation, appendix A) that are of the server or the moment, not of the
 * statement: connection, read-only server, a transaction that took too long, credentials, no such database, rollback,
 * resources, limits in force, operator's doing, system, fault of the server.
 */
const OF_THE_SERVER = /^(?:08|25006|25P03|25P04|28|3D|40|53|55|57|58|F0|XX)/
/** Serialization failure and deadlock: the same works may well succeed at once. */
const OF_THE_MOMENT = /^40(?:001|P01)/

/** Nothing was stored, and it is worth another try at once. */
export class TryAgainError extends StoreUnavailableError {}

/**
 * What the driver throws as the store's errors. One of a statement keeps its message and code alone: details quote
 * rows, and secrets with them.
 */
export function storeError(error: unknown): Error {
  const { message, code } = factsOf(error)
  if (error instanceof DatabaseError && !OF_THE_SERVER.test(code)) {
    return new Error(`${message} (SQLSTATE ${code})`)
  }
  const Unavailable = OF_THE_MOMENT.test(code) ? TryAgainError : StoreUnavailableError
  return new Unavailable(`The database cannot be used now: ${message || code}`)
}

/**
 * After these a connection is over, or no good: one that may not write may be to a server, or of a time, that another is
 * not of.
 */
const ENDS_THE_CONNECTION = /^(?:08|25006|25P03|25P04|28|3D|53300|57P|XX)/

/** True where the connection is as good as before: the server itself told of the error. */
export function isSound(error: unknown): boolean {
  return error instanceof DatabaseError && !ENDS_THE_CONNECTION.test(error.code ?? '')
}

function factsOf(error: unknown): { message: string; code: string } {
  if (!(error instanceof Error)) return { message: String(error), code: '' }
  return { message: error.message, code: 'code' in error ? String(error.code) : '' }
}
