import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Event, ParticipantEvent } from '../../src/event.ts'
import {
  anchors,
  connectionMsOf,
  isConnectionJoin,
  type ResolvedStay,
  resolveConnection,
} from '../../src/fold/connection.ts'
import { foldParticipant, newParticipant, type ParticipantState } from '../../src/fold/participant.ts'

const KEY = { connectionKey: 'ann' }

function stateOf(...events: readonly ParticipantEvent[]): ParticipantState {
  return events.reduce(foldParticipant, newParticipant())
}

function eventAt<K extends Event['kind']>(kind: K, atMs: number) {
  const common = { key: `${kind}@${atMs}`, atMs, roomSid: 'RM', room: {}, participantSid: 'PA' }
  return { kind, ...common, participant: KEY }
}

function joined(atMs: number): ParticipantState {
  return stateOf(eventAt('participant.joined', atMs))
}

function left(atMs: number): ParticipantState {
  return stateOf(eventAt('participant.left', atMs))
}

function resolve(states: Readonly<Record<string, ParticipantState>>) {
  return resolveConnection(new Map(Object.entries(states)))
}

/** The join that each leave belongs to. */
function ownersOf(states: Readonly<Record<string, ParticipantState>>) {
  const leaves = [...resolve(states)].filter(([sid]) => sid.startsWith('leave'))
  return Object.fromEntries(leaves.map(([sid, { aliasOf }]) => [sid, aliasOf]))
}

test('a leave belongs to the latest join before it that has no leave', () => {
  const states = { join1: joined(10), join2: joined(30), leave1: left(20), leave2: left(40) }
  assert.deepEqual(ownersOf(states), { leave1: 'join1', leave2: 'join2' })
  const resolved = resolve(states)
  assert.equal(resolved.get('join1')?.state.leftAtMs, 20)
  assert.equal(resolved.get('join1')?.nextJoinMs, 30)
  assert.equal(resolved.get('join2')?.nextJoinMs, undefined)
})

test('a leave without a free join before it stays a stay of its own', () => {
  assert.deepEqual(ownersOf({ join: joined(10), leave1: left(5), leave2: left(20), leave3: left(30) }), {
    leave1: undefined,
    leave2: 'join',
    leave3: undefined,
  })
})

test('a leave at the moment of a join belongs to the join before, if that has no leave', () => {
  assert.deepEqual(ownersOf({ join1: joined(10), join2: joined(20), leave: left(20) }), { leave: 'join1' })
  const own = stateOf(eventAt('participant.joined', 10), eventAt('participant.left', 15))
  assert.deepEqual(ownersOf({ join1: own, join2: joined(20), leave: left(20) }), { leave: 'join2' })
})

test('a stay keeps everything that its leave states', () => {
  const facts = {
    ...({ region: 'eu', mediaRegion: 'de1', edgeLocation: 'frankfurt' } as const),
    ...{ publisherInfo: { sdk: '1' }, properties: { is_adhoc: true } },
  }
  const leave = stateOf({
    ...eventAt('participant.left', 20),
    participant: { ...KEY, ...facts },
  })
  const video = { key: 'TR', kind: 'video' } as const
  // A track event would be a sign of presence, so no leave only has tracks. The merge keeps them all the same.
  const withTrack = { ...leave, tracks: { [video.key]: { value: video.kind, atMs: 19, key: 'track' } } }
  const state = resolve({ join: joined(10), leave: withTrack }).get('join')?.state
  assert.ok(state)
  assert.equal(state.region?.value, facts.region)
  assert.equal(state.mediaRegion?.value, facts.mediaRegion)
  assert.equal(state.edgeLocation?.value, facts.edgeLocation)
  assert.deepEqual(state.publisherInfo?.value, facts.publisherInfo)
  assert.deepEqual(state.properties?.value, facts.properties)
  assert.deepEqual(state.tracks, withTrack.tracks)
})

/** Joins, seen or estimated or stated, with and without a leave of their own, and leaves only, at few moments. */
const anyState = fc
  .record({
    kind: fc.constantFrom('joined', 'joined', 'estimated', 'seen', 'left', 'left', 'absent'),
    atMs: fc.integer({ min: 0, max: 25 }),
    stayMs: fc.option(fc.nat(8)),
  })
  .map(({ kind, atMs, stayMs }) => {
    const leave = stayMs === null ? [] : [eventAt('participant.left', atMs + stayMs)]
    switch (kind) {
      case 'joined':
        return stateOf(eventAt('participant.joined', atMs), ...leave)
      case 'estimated': {
        const participant = { ...KEY, joinedAtMsEstimated: atMs }
        return stateOf({ ...eventAt('participant.left', atMs + (stayMs ?? 0)), participant })
      }
      case 'seen':
        return stateOf(eventAt('participant.updated', atMs), ...leave)
      case 'left':
        return left(atMs)
      default:
        return stateOf(eventAt('observation.participant_absent', atMs))
    }
  })

const anyConnection = fc
  .array(anyState, { minLength: 2, maxLength: 14 })
  .map(states =>
    states
      .map((state, index) => ({ sid: `stay-${(index * 7) % states.length}-${index}`, state }))
      .sort((a, b) => connectionMsOf(a.state) - connectionMsOf(b.state)),
  )

test('stays outside of two anchors do not change the stays between them', () => {
  let windows = 0
  fc.assert(
    fc.property(anyConnection, stays => {
      const mapOf = (part: typeof stays) => new Map(part.map(({ sid, state }) => [sid, state]))
      const all = resolveConnection(mapOf(stays))
      const isAnchor = anchors(stays.map(({ state }) => state))
      const places = stays.flatMap((_, index) => (isAnchor[index] ? [index] : []))
      for (const from of places) {
        for (const to of places.filter(place => place > from)) {
          windows++
          const some = resolveConnection(mapOf(stays.slice(from, to + 1)))
          for (const { sid } of stays.slice(from, to)) assert.deepEqual(some.get(sid), all.get(sid))
        }
        // Without an end, a window resolves everything from its anchor on.
        const rest = resolveConnection(mapOf(stays.slice(from)))
        for (const { sid } of stays.slice(from)) assert.deepEqual(rest.get(sid), all.get(sid))
        // Without a beginning, it resolves everything before its anchor.
        const start = resolveConnection(mapOf(stays.slice(0, from + 1)))
        for (const { sid } of stays.slice(0, from)) assert.deepEqual(start.get(sid), all.get(sid))
      }
    }),
    { numRuns: 3000 },
  )
  assert.ok(windows > 3000, `only ${windows} windows were compared`)
})

test('resolving does not depend on the order of the stays, and every stay is resolved once', () => {
  const shuffled = anyConnection.chain(stays =>
    fc.tuple(fc.constant(stays), fc.shuffledSubarray(stays, { minLength: stays.length })),
  )
  fc.assert(
    fc.property(shuffled, ([stays, other]) => {
      const resolvedOf = (list: typeof stays): [string, ResolvedStay][] => [
        ...resolveConnection(new Map(list.map(({ sid, state }) => [sid, state]))),
      ]
      const resolved = resolvedOf(stays)
      assert.deepEqual(resolvedOf(other), resolved)
      assert.deepEqual(resolved.map(([sid]) => sid).sort(), stays.map(({ sid }) => sid).sort())
      const owners = resolved.flatMap(([, { aliasOf }]) => aliasOf ?? [])
      assert.equal(new Set(owners).size, owners.length, 'no stay has two leaves')
    }),
  )
})

test('an anchor is a join at a moment of its own', () => {
  const stays = [joined(10), joined(20), left(20), left(30), joined(40), joined(50), joined(50), joined(60)]
  assert.deepEqual(anchors(stays), [true, false, false, false, true, false, false, true])
  assert.deepEqual(anchors([]), [])
})

test('a stay is ordered by its join, else its first sign of presence, else its leave', () => {
  assert.equal(
    connectionMsOf(stateOf(eventAt('participant.updated', 5), eventAt('participant.joined', 10))),
    10,
  )
  assert.equal(connectionMsOf(stateOf(eventAt('participant.updated', 5), eventAt('participant.left', 10))), 5)
  assert.equal(connectionMsOf(left(10)), 10)
  assert.equal(connectionMsOf(newParticipant()), 0)
  assert.deepEqual([joined(10), left(10)].map(isConnectionJoin), [true, false])
})
