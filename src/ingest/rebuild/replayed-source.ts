import type { Claim, Source } from '../../feeds/feed.ts'
import type { FeedKey, StoredPayload } from '../../store/feeds/feed-log.ts'
import { sourceOf } from '../reduce-payloads.ts'

/**
 * The SIDs that a replay gives to other instances than their payloads did when they came, because the feed now names
 * its instances differently. Discarded when the replay ends.
 */
export type GivenSids = Map<string, GivenSid>

export interface GivenSid {
  readonly instance: string
  /**
   * The payload that gives the SID out for the first time; undefined if the SID was given out when its payload came.
   */
  readonly firstGivenBy: StoredPayload | undefined
}

/**
 * The source of a payload that is reduced again. It gives the SIDs that the payload gave out when it came, even if the
 * feed now names their instances differently. It never gives one SID to two instances.
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
