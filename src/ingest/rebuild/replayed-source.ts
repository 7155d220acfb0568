import type { Claim, Source } from '../../feeds/feed.ts'
import type { FeedKey, StoredPayload } from '../../store/feeds/feed-log.ts'
import { sourceOf } from '../reduce-payloads.ts'

/**
 * The instances that a replay gives SIDs otherwise than their payloads did when they came, by SID: those that the feed
 * names differently since. They are forgotten when the replay ends.
 */
export type GivenSids = Map<string, GivenSid>

export interface GivenSid {
  readonly instance: string
  /** The payload that gives the SID out for the first time; undefined where the payload gave it out before. */
  readonly firstGivenBy: StoredPayload | undefined
}

/**
 * The source of a payload that is reduced again. The SIDs that it gave out stay in use, also where the feed names their
 * instances otherwise than it did then. No SID is given to two instances.
 */
export function replayedSource(
  key: FeedKey,
  payload: StoredPayload,
  claims: readonly Claim[],
  given: GivenSids,
): Source {
  const derived = sourceOf(key)
  const left = [...claims]
  const isFree = (sid: string, instance: string) => (given.get(sid)?.instance ?? instance) === instance
  return {
    ...derived,
    sidOf(instance) {
      const same = left.findIndex(claim => claim.instance === instance)
      const index = same >= 0 ? same : left.findIndex(({ roomSid }) => isFree(roomSid, instance))
      const [claim] = index < 0 ? [] : left.splice(index, 1)
      if (claim !== undefined) {
        if (same < 0) given.set(claim.roomSid, { instance, firstGivenBy: undefined })
        return claim.roomSid
      }
      let name = instance
      while (!isFree(derived.sidOf(name), instance)) name += ' again'
      const sid = derived.sidOf(name)
      given.set(sid, { instance, firstGivenBy: payload })
      return sid
    },
  }
}
