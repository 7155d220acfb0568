/** Pseudo-random numbers. The same seed gives the same numbers. */
export interface Random {
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number
  /** True with a probability of 1 in `times`. */
  oneIn(times: number): boolean
}

/** The generator Mulberry32, which has 32 bits of state. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  function fraction(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(fraction() * limit)
  return { below, oneIn: times => below(times) === 0 }
}
