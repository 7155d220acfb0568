import type { Event } from '../../src/event.ts'
import type { Feed, Reduced, Source } from '../../src/feeds/feed.ts'
import { jitsi } from '../../src/feeds/jitsi/index.ts'
import type { Payload } from '../../src/feeds/payload.ts'

/** The feed, except that payloads for which `isWrong` is true lead to what `wrong` gives. */
export function wrongFeed(
  feed: Feed,
  isWrong: (payload: Payload) => boolean,
  wrong: (payload: Payload) => Reduced,
): Feed {
  return {
    ...feed,
    reduce: (payload, memory, source) =>
      isWrong(payload) ? wrong(payload) : feed.reduce(payload, memory, source),
  }
}

/** The feed, except that it gives every identity in upper case, and, if it has memory, events with other keys. */
export function loud(feed: Feed): Feed {
  return {
    ...feed,
    async reduce(payload, memory, source) {
      const { events, ...rest } = await feed.reduce(payload, memory, source)
      return { ...rest, events: events.map(event => inUpperCase(event, feed.hasMemory ? '!' : '')) }
    },
  }
}

function inUpperCase(event: Event, ending: string): Event {
  if (!('participant' in event) || event.participant.identity === undefined) return event
  const identity = event.participant.identity.toUpperCase()
  return { ...event, key: event.key + ending, participant: { ...event.participant, identity } }
}

/** The feed, except that it names the instances of rooms differently. */
export function naming(feed: Feed, rename: (instance: string) => string): Feed {
  return {
    ...feed,
    async reduce(payload, memory, source) {
      const renamed: Source = { ...source, sidOf: instance => source.sidOf(rename(instance)) }
      const { claims = [], ...rest } = await feed.reduce(payload, memory, renamed)
      return { ...rest, claims: claims.map(claim => ({ ...claim, instance: rename(claim.instance) })) }
    },
  }
}

/** The Jitsi feed, except that it takes all rooms for one instance of one room. */
export const oneRoom: Feed = {
  ...jitsi,
  async reduce(payload, memory, source) {
    const { events } = await jitsi.reduce(payload, memory, source)
    const roomSid = source.sidOf('the room')
    const claims = [{ roomSid, instance: 'the room' }]
    return { events: events.map((event): Event => ({ ...event, roomSid })), claims }
  },
}

/** The feed, except that each payload leads to a room of its own. */
export function roomForEach(feed: Feed): Feed {
  return {
    ...feed,
    async reduce(payload, memory, source) {
      const { events } = await feed.reduce(payload, memory, source)
      const roomSid = source.sidOf(payload.key)
      const claims = [{ roomSid, instance: payload.key }]
      return { events: events.map((event): Event => ({ ...event, roomSid })), claims }
    },
  }
}
