import fc from 'fast-check'

/** Groups of the indexes below `count`, in some order and some repeated. A group arrives at the same time. */
export function arrivalsOf(count: number): fc.Arbitrary<number[][]> {
  return fc
    .tuple(
      fc.array(fc.nat(count - 1), { maxLength: Math.floor(count / 4) }),
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: count * 2, maxLength: count * 2 }),
    )
    .chain(([again, sizes]) => {
      const all = [...Array(count).keys(), ...again]
      return fc.shuffledSubarray(all, { minLength: all.length }).map(order => grouped(order, sizes))
    })
}

function grouped(order: readonly number[], sizes: readonly number[]): number[][] {
  const rest = [...order]
  return sizes.map(size => rest.splice(0, size)).filter(group => group.length > 0)
}

/** Every order of a list. */
export function ordersOf<T>(list: readonly T[]): T[][] {
  if (list.length === 0) return [[]]
  return list.flatMap((one, index) => ordersOf(list.toSpliced(index, 1)).map(rest => [one, ...rest]))
}
