import { DatabaseError } from 'pg'
import { StoreUnavailableError } from '../database.ts'

/**
 * SQLSTATE classes and codes (PostgreSQL documentation, appendix A) whose cause is the server and not the statement:
 * connection, read-only server, a transaction that took too long, credentials, missing database, rollback, insufficient
 * resources, a lock that was not available, operator intervention, system error, internal error.
 */
const OF_THE_SERVER = /^(?:08|25006|25P03|25P04|28|3D|40|53|55|57|58|F0|XX)/
/** Serialization failure and deadlock: the same works may succeed if they are run again at once. */
const OF_THE_MOMENT = /^40(?:001|P01)/

/** Nothing was stored, and another try may succeed at once. */
export class TryAgainError extends StoreUnavailableError {}

/**
 * The store's error for what the driver throws. The error of a statement keeps only its message and code, because its
 * details quote rows, which may hold secrets.
 */
export function storeError(error: unknown): Error {
  const { message: text, code } = factsOf(error)
  const message = withoutShards(text)
  if (error instanceof DatabaseError && !OF_THE_SERVER.test(code)) {
    return new Error(`${message} (SQLSTATE ${code})`)
  }
  const Unavailable = OF_THE_MOMENT.test(code) ? TryAgainError : StoreUnavailableError
  return new Unavailable(`The database cannot be used now: ${message || code}`)
}

/**
 * Citus names each shard of a table, and its indexes and constraints, after the table's own, with the number of the
 * shard at the end.
 */
function withoutShards(message: string): string {
  return message.replace(/\b(relation|table|index|constraint) "(\w+?)_\d{6,}"/g, '$1 "$2"')
}

/** After these errors the connection has ended or must be replaced. A read-only server may be a former primary. */
const ENDS_THE_CONNECTION = /^(?:08|25006|25P03|25P04|28|3D|53300|57P|XX)/

/** True if the connection can be used again: the server reported the error, and the error does not end the session. */
export function isSound(error: unknown): boolean {
  return error instanceof DatabaseError && !ENDS_THE_CONNECTION.test(error.code ?? '')
}

function factsOf(error: unknown): { message: string; code: string } {
  if (!(error instanceof Error)) return { message: String(error), code: '' }
  return { message: error.message, code: 'code' in error ? String(error.code) : '' }
}
