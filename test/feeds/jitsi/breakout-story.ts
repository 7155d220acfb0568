import { jitsiRoom, occupant } from './event-sync.ts'
import { START_SEC } from './stories.ts'

const main = jitsiRoom('catchup')
const breakout = jitsiRoom('catchup', 'b1')
const sec = (after: number) => START_SEC + after
const stay = (name: string, joined: number, left: number) => occupant(name, sec(joined), sec(left))

const bob = stay('bob', 6, 20)
const annFirst = stay('ann', 5, 20)
const annAway = stay('ann', 22, 40)
const annAgain = stay('ann', 41, 58)

/** By one JID ann is in the main room, then in a breakout room, then in the main room again. bob leaves for good. */
export const BREAKOUT_STORY = {
  ...{ main, breakout, sec, annFirst },
  payloads: [
    main.created(sec(0)),
    main.joined(annFirst),
    main.joined(bob),
    main.left(bob),
    breakout.created(sec(20)),
    main.left(annFirst),
    breakout.joined(annAway),
    breakout.left(annAway),
    main.joined(annAgain),
    breakout.destroyed(sec(20), sec(43), [annAway]),
    main.left(annAgain),
    main.destroyed(sec(0), sec(60), [bob, annAgain]),
  ],
}
