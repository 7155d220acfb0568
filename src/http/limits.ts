/** What one client may take up before the server stops serving it. `docs/operations.md` lists these bounds. */
export interface Limits {
  /** How many requests of one connection may wait for the answers before theirs. */
  readonly waitingRequests: number
  /** How long a request may take to arrive, and as long its headers alone. */
  readonly requestTimeoutMs: number
  /** How often connections are checked for requestTimeoutMs. */
  readonly checkEveryMs: number
  /** How long a connection may carry no byte, in either direction, while an answer is due. */
  readonly idleTimeoutMs: number
  /** How many bytes of bodies and messages may be in flight: received to a part, or not stored yet. */
  readonly bytesInFlight: number
  /** How often the client of a WebSocket is asked whether it is there. */
  readonly pingEveryMs: number
  /** How many wrong credentials one address may send in a minute to the API, and as many to feeds. */
  readonly wrongByAddress: number
  /** How many wrong credentials may be sent to the API in a minute for one account or key, from all addresses. */
  readonly wrongByUser: number
}

export const LIMITS: Limits = {
  waitingRequests: 100,
  requestTimeoutMs: 60_000,
  checkEveryMs: 1_000,
  idleTimeoutMs: 60_000,
  bytesInFlight: 64 * 1024 * 1024,
  pingEveryMs: 30_000,
  wrongByAddress: 100,
  wrongByUser: 1_000,
}
